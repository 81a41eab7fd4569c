// Results that are lists.
#pragma once

#include <memory>
#include <utility>

#include "kedge/window/output.h"
#include "kedge/window/piece.h"

namespace kedge {

// The lists to whose entries `append_entries(state, entries)` appends.
template <class AppendEntries>
class ListResult final : public Result {
 public:
  explicit ListResult(AppendEntries append_entries) : append_entries_(std::move(append_entries)) {}
  void append(const Finished& finished, OutputColumn& out) const override {
    for (const std::byte* const state : finished.states) {
      append_entries_(state, out.child(0));
      out.end_list();
    }
  }

 private:
  AppendEntries append_entries_;
};
template <class AppendEntries>
std::unique_ptr<Result> list_result(AppendEntries append_entries) {
  return std::make_unique<ListResult<AppendEntries>>(std::move(append_entries));
}

}  // namespace kedge
