// Sends a spool's records to a receiver at the other end of a socket, and drops what it has.
// docs/formats.md, "Upload".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kedge/edge/device_key.h"
#include "kedge/edge/endpoint.h"
#include "kedge/edge/spool.h"

namespace kedge::edge {

class Upload {
 public:
  // Records before `sent` may have been sent by an earlier run. With a key it speaks version 2,
  // which shows that it has it.
  Upload(const Endpoint& to, std::string device, const SpoolPlace& sent,
         std::optional<DeviceKey> key = std::nullopt);
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  ~Upload();

  // What can be done without waiting: connect, send some, take acknowledgements. A receiver that
  // has more than was ever sent to it has the spool begin another life.
  void step(Spool& spool, std::int64_t now_nanos);
  bool is_connected() const noexcept { return socket_ >= 0; }

 private:
  void disconnect() noexcept;
  void say_hello(const Spool& spool);
  void receive(Spool& spool);
  void answer(std::span<const std::byte> challenge);
  void begin_sending(const Spool& spool, std::uint64_t wanted);
  void begin_life(Spool& spool);
  void fill(Spool& spool);
  void send();

  Endpoint to_;
  std::string device_;
  std::optional<DeviceKey> key_;
  int socket_ = -1;
  std::int64_t next_try_ = 0;
  bool is_known_ = false;    // the receiver was shown the key, or none is wanted
  bool is_asked_ = false;    // the receiver has said what it wants
  bool has_header_ = false;  // of this connection's records
  std::uint64_t next_ = 0;   // record to send
  SpoolPlace reached_;       // behind all that was sent, on any connection
  ByteWriter out_;
  std::size_t sent_ = 0;
  std::vector<std::byte> in_;  // of a number that is not whole
};

}  // namespace kedge::edge
