// That a call was taken on: given back when it has ended.
#pragma once

#include <string>

#include "transport/desk.h"

namespace kedge {

class Permit {
 public:
  Permit() = default;
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;
  ~Permit() { end(); }

  // Of a desk that has admitted the call, and of a client who has entered if there is a limit of
  // its own.
  void begin(Desk& desk, std::string client) {
    desk_ = &desk;
    client_ = std::move(client);
  }
  void end() noexcept {
    if (desk_ == nullptr) return;
    if (desk_->of_client) desk_->of_client->leave(client_);
    desk_->admission.leave();  // last: when no call is in flight, no client has one
    desk_ = nullptr;
  }

 private:
  Desk* desk_ = nullptr;
  std::string client_;
};

}  // namespace kedge
