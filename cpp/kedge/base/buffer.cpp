#include "kedge/base/buffer.h"

#include <cstring>

namespace kedge {

Buffer::Buffer(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  data_.reset(static_cast<std::byte*>(::operator new(bytes, std::align_val_t{kCacheLine})));
  std::memset(data_.get(), 0, bytes);
}

}  // namespace kedge
