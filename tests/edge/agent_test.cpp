#include "kedge/edge/agent.h"

#include <string>

#include "allocations.h"
#include "check.h"
#include "kedge/edge/row_decoder.h"
#include "score/random_forest.h"

namespace kedge {
namespace {

edge::EdgeModel random_model() {
  test::ForestShape shape{};
  shape.trees = 100;
  shape.most_leaves = 31;
  const Forest forest = test::random_forest(shape, 4);
  Bundle bundle;
  bundle.origin = "test";
  bundle.features = forest.features;
  bundle.forest = quantize(forest);
  edge::EdgeModel model;
  model.model = std::make_unique<const Model>(std::move(bundle));
  return model;
}

edge::EdgeConfig config_for(const Model& model) {
  edge::EdgeConfig config;
  config.device = "d";
  for (const Feature& feature : model.bundle().features) {
    config.input.columns.push_back({feature.name, {}});
  }
  config.output.to = edge::endpoint_of("file:/dev/null");
  return config;
}

std::string lines_of(const Schema& columns, std::size_t count) {
  std::string lines;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < columns.size(); ++k) {
      lines += text(k == 0 ? "{\"" : ",\"", columns[k].name, "\":", i + 10, ".25");
    }
    lines += "}\n";
  }
  return lines;
}

TEST("agent: an event takes no memory, a batch the same whatever its size") {
  edge::EdgeModel model = random_model();
  const edge::EdgeConfig config = config_for(*model.model);
  edge::Agent agent(config, std::move(model), 1);
  edge::RowDecoder decoder(config.input, agent.quarantine(),
                           [&](const Batch& rows) { agent.push(rows); });
  const std::string many = lines_of(config.input.columns, 256);
  const std::string one = lines_of(config.input.columns, 1);
  const auto taken = [&](const std::string& lines) {
    const std::size_t before = test::allocations();
    decoder.push(lines);
    return test::allocations() - before;
  };
  for (int warm = 0; warm < 3; ++warm) taken(many), taken(one);
  const std::size_t of_one = taken(one);
  CHECK(taken(many) == of_one);
  CHECK(of_one < 64);
  CHECK(agent.counts().scored == 4 * 257);
  CHECK(agent.counts().malformed == 0);
}

TEST("agent: malformed lines are counted and passed over, however long") {
  edge::EdgeModel model = random_model();
  edge::EdgeConfig config = config_for(*model.model);
  config.input.line_bytes = 4096;
  edge::Agent agent(config, std::move(model), 1);
  edge::RowDecoder decoder(config.input, agent.quarantine(),
                           [&](const Batch& rows) { agent.push(rows); });
  decoder.push("{\"no\n" + std::string(10'000, 'x') + "\n\n\r\n[]\n");
  decoder.push(lines_of(config.input.columns, 2).substr(5));
  decoder.end_stream();
  CHECK(agent.counts().malformed == 4);
  CHECK(agent.counts().scored == 1);
}

}  // namespace
}  // namespace kedge
