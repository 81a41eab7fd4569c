// Scores of requests that wait at the same time: those of one model are scored as one batch.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kedge/serve/infer_request.h"
#include "kedge/serve/ready_scores.h"
#include "kedge/serve/repository.h"
#include "kedge/serve/router.h"
#include "kedge/serve/row_batch.h"

namespace kedge {

// They are the scores that each request has alone. Keeps what memory it wanted. One thread at a
// time.
class JointScores {
 public:
  // Batches have up to `most_rows`. A request that cannot be read, is in shared memory, wants no
  // scores or has nobody beside it is left to its own turn. `catalog` outlives what comes of it.
  void make(const Catalog& catalog, const Router& router,
            std::span<const std::span<const std::byte>> requests, std::size_t most_rows) noexcept;

  const ReadyScores& of(std::size_t request) const noexcept { return ready_[request]; }
  // Of the batches of the last call.
  std::size_t batches() const noexcept { return batches_; }
  std::size_t rows() const noexcept { return rows_; }

 private:
  struct Member {
    std::size_t request;
    std::size_t first;
    std::size_t rows;
  };
  struct Batch {
    const Model* model = nullptr;
    RowBatch rows;
    std::vector<Member> members;
  };

  void add(const Catalog& catalog, const Router& router, std::size_t request,
           std::span<const std::byte> message, std::size_t most_rows);
  Batch& batch_for(const Model& model, const Rows& rows, std::size_t most_rows);
  void score(Batch& batch);

  InferRequest request_;
  std::vector<double> values_;
  std::vector<Batch> batches_made_;
  std::size_t used_ = 0;  // of them
  std::vector<ReadyScores> ready_;
  std::size_t batches_ = 0;
  std::size_t rows_ = 0;
};

}  // namespace kedge
