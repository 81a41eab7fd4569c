// What a container is done with. `held = {}` keeps the memory: it assigns an empty list.
#pragma once

namespace kedge {

template <class Container>
void give_back(Container& held) noexcept {
  Container().swap(held);
}

}  // namespace kedge
