// Which version of a model answers a request that names none: the live one, or for a share of the
// requests a candidate; and which requests the candidate scores besides, for comparison alone.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/serve/canary_outcomes.h"
#include "kedge/serve/infer_request.h"
#include "kedge/serve/published.h"
#include "kedge/serve/repository.h"

namespace kedge {

struct Route {
  std::string model;
  std::string live;  // versions
  std::string candidate;
  double canary = 0;  // share of requests that the candidate answers
  double shadow = 0;  // share of the others that it scores as well
  std::shared_ptr<CanaryOutcomes> outcomes = nullptr;  // of all of them, where somebody looks
};

// Where a request's end is told; nowhere by itself.
struct CanaryArm {
  std::shared_ptr<CanaryOutcomes> outcomes = nullptr;
  bool is_canary = false;
};

// Any number of threads may choose while routes are set.
class Router {
 public:
  struct Choice {
    const ServedModel* served;              // the catalog's
    const ServedModel* compared = nullptr;  // with it, where there is one
    CanaryArm arm = {};
  };

  Router();

  // Throws InvalidArgument when a model has two routes, versions are not named or the same, or a
  // share is not from 0 to 1.
  void set(const std::vector<Route>& routes);

  // Requests with the same text parameter "sticky_key", or else the same id, go the same way, and
  // those that went to the candidate still do when its share has grown; those with neither go by
  // turns. A candidate that is not served gets none. Throws as Catalog::find does.
  Choice choose(const Catalog& catalog, const InferRequest& request) const;
  // The version that answers requests for a model that name none, but for the candidate's share;
  // empty for the latest one.
  std::string live(std::string_view model) const;

 private:
  using Routes = std::map<std::string, Route, std::less<>>;
  Published<Routes> routes_;
};

}  // namespace kedge
