// What all calls of a server share.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>

#include "kedge/serve/admission.h"
#include "kedge/serve/client_limit.h"
#include "kedge/serve/published.h"
#include "kedge/serve/reflection.h"
#include "kedge/serve/service.h"
#include "kedge/serve/tokens.h"
#include "transport/batching.h"
#include "transport/health.h"
#include "transport/side_thread.h"

namespace kedge {

struct Desk {
  const Service& service;
  Admission admission;
  std::optional<ClientLimit> of_client;
  Published<std::optional<Tokens>> tokens;  // none: everyone may call
  Reflection reflection;
  Batching batching{};
  Health health{};
  SideThread side{};                                 // for calls that take long
  SideThread loader{SideThread::Rank::kBackground};  // for those that change what is served
  // For calls that wait for the disk: those of different threads are kept by one turn of it.
  std::array<SideThread, 4> keepers{};
  std::atomic<std::size_t> turn = 0;

  SideThread& keeper() noexcept { return keepers[turn.fetch_add(1) % keepers.size()]; }
};

}  // namespace kedge
