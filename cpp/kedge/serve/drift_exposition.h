// Drift of the models that are served, as Prometheus scrapes it.
#pragma once

#include <string>

#include "kedge/serve/repository.h"

namespace kedge {

void add_drift(const Catalog& catalog, std::string& out);

}  // namespace kedge
