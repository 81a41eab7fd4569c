// What all calls of a server share.
#pragma once

#include <optional>

#include "kedge/serve/admission.h"
#include "kedge/serve/published.h"
#include "kedge/serve/reflection.h"
#include "kedge/serve/service.h"
#include "kedge/serve/tokens.h"
#include "transport/health.h"
#include "transport/side_thread.h"

namespace kedge {

struct Desk {
  const Service& service;
  Admission admission;
  Published<std::optional<Tokens>> tokens;  // none: everyone may call
  Reflection reflection;
  Health health;
  SideThread side;  // for calls that take long
};

}  // namespace kedge
