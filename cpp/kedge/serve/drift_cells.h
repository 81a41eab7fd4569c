// Rows that a model was asked for, counted in the cells of its own reference profile while it
// answers.
//
// A thread keeps its rows until there are enough to be counted together, in a place of its own.
// Nobody waits for a place: one that is taken, by another thread or by whoever collects the counts,
// is left for the next one, and rows that find none are told of, not counted.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/score/model.h"
#include "kedge/score/rows.h"
#include "kedge/serve/thread_place.h"
#include "kedge/sketch/profile.h"

namespace kedge {

class DriftCells {
 public:
  // Of the reference's columns those that are features, by their name, and "score", what the model
  // answers, unless it is one or there are several. Throws CorruptData for a profile that cannot be
  // read.
  explicit DriftCells(const Model& model);

  // Those columns alone, without slices; none when the bundle has no profile.
  const Profile& reference() const noexcept { return reference_; }

  // Where the reference has scores, a request without them is not counted. A few nanoseconds a
  // value; no lock is waited for.
  void add(const Rows& rows, const Rows& scores) noexcept;

  // What was counted since the last time, all threads together.
  Profile take();
  // Rows that were not counted, ever.
  std::uint64_t missed() const noexcept { return missed_.load(std::memory_order_relaxed); }

 private:
  enum class Form : std::uint8_t { kNumber, kWhole, kName };
  struct Source {
    bool is_score = false;
    std::size_t column = 0;  // of the model's rows, or of its scores
    Form form = Form::kNumber;
    std::size_t names = 0;                     // of kName
    std::shared_ptr<const Column> dictionary;  // likewise, of the model's categories
  };
  struct alignas(64) Place {
    std::mutex lock;
    std::vector<double> values;        // column after column
    std::vector<std::int64_t> places;  // of what is counted as integers or names
    std::vector<std::uint8_t> valid;   // bits, likewise
    std::size_t filled = 0;
    std::unique_ptr<Profile> counted;
  };

  void add_column(const Model& model, const ColumnProfile& column, Schema& schema);
  std::shared_ptr<const Column> dictionary_of(const Feature& feature);
  void add(Place& place, const Rows& rows, const Rows& scores);
  void count(Place& place) const;
  Column column_of(Place& place, std::size_t i) const;

  Profile reference_;
  std::vector<Source> sources_;
  std::shared_ptr<const Schema> schema_;
  std::vector<std::unique_ptr<std::vector<std::int32_t>>> offsets_;  // of the dictionaries
  std::vector<std::unique_ptr<std::string>> texts_;
  bool has_scores_ = false;
  std::array<Place, kThreadPlaces> places_;
  std::atomic<std::uint64_t> missed_ = 0;
};

}  // namespace kedge
