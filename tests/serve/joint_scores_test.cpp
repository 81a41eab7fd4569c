#include "kedge/serve/joint_scores.h"

#include <cstring>
#include <string>
#include <vector>

#include "check.h"
#include "kedge/serve/service.h"
#include "serve/infer_messages.h"
#include "serve/model_folder.h"

namespace kedge {
namespace {

using test::columns_of;
using test::Message;
using test::request_of;

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST("calls that are scored together are answered as each is alone") {
  const test::ModelFolder folder;
  folder.put("a", "1", 1);
  folder.put("b", "1", 2);
  Repository repository(folder.path());
  const Service service(repository);
  const Model& model = *repository.read()->find("a", {}).model;
  const std::size_t width = model.features();
  const std::size_t other = repository.read()->find("b", {}).model->features();
  std::vector<Message> requests;
  for (std::size_t i = 0; i < 6; ++i) {
    const auto start = static_cast<double>(i) - 3;
    requests.push_back(request_of<double>("a", i % 3, width, start));
    requests.push_back(request_of<float>("a", 1, width, start));
    requests.push_back(request_of<double>("b", 1 + i, other, start));
    requests.push_back(request_of<double>("a", 1, width, start, "raw"));
    requests.push_back(request_of<double>("a", 2, width, start, "label"));
    requests.push_back(columns_of(model, 2));
  }
  requests.push_back(request_of<double>("a", 1, width + 1, 0));  // wrong in some way
  requests.push_back(request_of<double>("c", 1, width, 0));
  requests.push_back(request_of<double>("a", 1, width, 0, "nothing"));
  requests.emplace_back(3, std::byte{0xff});
  for (const std::size_t most_rows : {2, 5, 64}) {
    std::vector<Message> outs(requests.size());
    std::vector<InferTurn> turns(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i)
      turns[i] = {requests[i], &outs[i], {}, {}, {}};
    service.infer_together(turns, most_rows);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      Message alone;
      const Reply reply = service.handle("ModelInfer", requests[i], alone);
      CHECK(turns[i].reply.code == reply.code && turns[i].reply.message == reply.message);
      CHECK(outs[i] == alone);
    }
  }
  CHECK(has(service.metrics({}), "kedge_batches_total"));
}

TEST("a batch has as many rows as it may, and who is alone is in none") {
  const test::ModelFolder folder;
  folder.put("a", "1", 1);
  Repository repository(folder.path());
  const Router router;
  const Repository::Pin catalog = repository.read();
  const Model& model = *catalog->find("a", {}).model;
  const Message three = request_of<double>("a", 3, model.features(), 1);
  const Message one = request_of<float>("a", 1, model.features(), 1);
  const std::vector<std::span<const std::byte>> requests{three, one, three, three, three, three};
  JointScores joint;
  joint.make(*catalog, router, requests, 6);
  CHECK(joint.batches() == 2 && joint.rows() == 12);
  CHECK(joint.of(1).model == nullptr && joint.of(5).model == nullptr);
  const std::size_t size = model.outputs() * (model.gives_float32() ? 4 : 8);
  for (const std::size_t i : {0, 2, 3, 4}) {
    CHECK(joint.of(i).model == &model && joint.of(i).rows == 3);
    CHECK(joint.of(i).bytes == 3 * size);
    CHECK(std::memcmp(joint.of(i).scores, joint.of(0).scores, 3 * size) == 0);
  }
  joint.make(*catalog, router, std::span(requests).first(2), 6);
  CHECK(joint.batches() == 0 && joint.of(0).model == nullptr);
}

}  // namespace kedge
