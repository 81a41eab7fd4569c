#include "kedge/serve/service_infer.h"

#include "kedge/base/error.h"
#include "kedge/serve/arrow_answer.h"
#include "kedge/serve/asks_for_explanation.h"
#include "kedge/serve/infer_response.h"
#include "kedge/serve/infer_scratch.h"
#include "kedge/serve/region_outputs.h"
#include "kedge/serve/request_rows.h"

namespace kedge {
namespace {

using Usual = std::span<const std::string_view>;

std::chrono::steady_clock::time_point end_of(const ServiceCall& call) {
  constexpr std::chrono::hours kYear(24 * 365);  // longer is for ever, and no clock overflows
  if (call.left > kYear) return std::chrono::steady_clock::time_point::max();
  return std::chrono::steady_clock::now() + call.left;
}

void write_outputs(const ServiceCall& call, const ServedModel& served, const Rows& rows,
                   Usual usual, InferScratch& scratch) {
  const InferRequest& request = scratch.request;
  const Patience patience{end_of(call), &call.is_stopping};
  InferResponse response(call.out, request.is_raw());
  response.name(served.name, served.version, request.id());
  const auto write = [&](TensorSink& sink) {
    scratch.outputs.write(*served.model, *served.form, rows, request, usual, patience, call.ready,
                          sink);
  };
  const bool is_arrow = brings_arrow(request.inputs());
  if (RegionOutputs::are_in(request)) {
    if (is_arrow) throw invalid_argument("an answer in Arrow has no outputs in shared memory");
    RegionOutputs outputs(request, call.regions, response);
    return write(outputs);
  }
  if (!is_arrow) return write(response);
  ArrowAnswer table(served.model->bundle().features, rows.count);
  write(table);
  table.write(response);
}

// For labels to come. Requests whose scores nobody asked for have none.
void remember(const ServedModel& served, const InferRequest& request, InferScratch& scratch) {
  if (served.recent == nullptr || !served.kind || request.id().empty()) return;
  const Rows scores = scratch.outputs.scores();
  if (scores.count == 0) return;
  read_predictions(*served.kind, scores, served.model->outputs(), scratch.predictions);
  served.recent->remember(request.id(), served.version, *served.kind, scratch.predictions);
}

// What becomes of an answer beside its reply: drift, labels to come, the candidate.
void follow(const ServiceCall& call, const Router::Choice& choice, const Rows& rows,
            InferScratch& scratch) {
  const ServedModel& served = *choice.served;
  if (served.drift) served.drift->add(rows, scratch.outputs.scores());
  remember(served, scratch.request, scratch);
  if (call.log != nullptr) {
    call.log->offer(served, rows, scratch.outputs.scores(), scratch.request.id());
  }
  if (choice.compared != nullptr) {
    call.shadow.offer(call.request, scratch.request.fetched(), served, scratch.outputs.scores(),
                      *choice.compared);
  }
}

void answer_rows(const ServiceCall& call, const Router::Choice& choice, Usual usual,
                 bool is_for_scores, InferScratch& scratch) {
  const ServedModel& served = *choice.served;
  if (is_for_scores) {
    call.arm = choice.arm;
    call.metrics = served.metrics;
  }
  if (call.span != nullptr) {
    call.span->model.set(served.name);
    call.span->version.set(served.version);
  }
  const Rows rows =
      request_rows(*served.model, *served.form, scratch.request.inputs(), scratch.values);
  if (call.span != nullptr) call.span->decoded = call.since_start();
  write_outputs(call, served, rows, usual, scratch);
  if (call.span != nullptr) call.span->answered = call.since_start();
  call.rows = rows.count;
  if (is_for_scores) follow(call, choice, rows, scratch);
}

// Models of its own, as whoever changes the catalog waits for all that read it.
void answer_for_long(const ServiceCall& call, Usual usual, bool is_for_scores,
                     InferScratch& scratch) {
  ServedModel served;
  ServedModel compared;
  Router::Choice choice;
  {
    const Repository::Pin catalog = call.repository.read();
    choice = call.router.choose(*catalog, scratch.request);
    served = *choice.served;
    if (choice.compared != nullptr) compared = *choice.compared;
  }
  choice.served = &served;
  if (choice.compared != nullptr) choice.compared = &compared;
  answer_rows(call, choice, usual, is_for_scores, scratch);
}

// Explanations take another time than scores, so they are counted apart, and no candidate makes
// any.
void infer(const ServiceCall& call, Usual usual, bool is_for_scores) {
  thread_local InferScratch scratch;
  const InferScratch::Trimmed trimmed(scratch);
  scratch.request.read(call.request, call.regions);
  call.id = scratch.request.id();
  if (!is_for_scores || asks_for_explanation(scratch.request)) {
    return answer_for_long(call, usual, is_for_scores, scratch);
  }
  const Repository::Pin catalog = call.repository.read();
  answer_rows(call, call.router.choose(*catalog, scratch.request), usual, is_for_scores, scratch);
}

}  // namespace

void model_infer(const ServiceCall& call) {
  static constexpr std::string_view kUsual[] = {"score"};
  infer(call, kUsual, true);
}

void explain(const ServiceCall& call) {
  static constexpr std::string_view kUsual[] = {"contributions", "base"};
  infer(call, kUsual, false);
}

}  // namespace kedge
