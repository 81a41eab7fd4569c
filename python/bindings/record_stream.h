// Decoders of records as Python has them: a table of what are rows, a list of what are not.
#pragma once

#include <nanobind/nanobind.h>

#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kedge/arrow/batch.h"
#include "kedge/records/csv_lines.h"
#include "kedge/records/csv_records.h"
#include "kedge/records/json_records.h"
#include "records_input.h"

namespace kedge {

struct RejectedRecord {
  std::size_t index = 0;  // among the records of the call
  std::string field;
  std::string reason;
  std::string record;
};

using Decoded = std::pair<Batches, std::vector<RejectedRecord>>;

// Threads may share it: it works without the GIL, one call at a time.
template <class Decoder>
class RecordStream {
 public:
  explicit RecordStream(Decoder decoder) : decoder_(std::move(decoder)) {}

  Decoded decode(const RecordList& list) {
    return run([&] {
      for (const std::string_view record : list.views) append(record, true);
    });
  }

  template <class Work>
  auto with_decoder(const Work& work) {
    const nanobind::gil_scoped_release released;
    const std::scoped_lock lock(mutex_);
    return work(decoder_);
  }

 protected:
  void append(std::string_view record, bool whole) {
    const bool taken = whole
                           ? decoder_.append(record)
                           : decoder_.columns().refuse({}, "longer than ", record.size(), " bytes");
    if (!taken) {
      const records::Refusal& refusal = decoder_.columns().refusal();
      rejected_.push_back({index_, refusal.field, refusal.reason, std::string(record)});
    }
    ++index_;
  }

  template <class Work>
  Decoded run(const Work& work) {
    return with_decoder([&](Decoder& decoder) {
      index_ = 0;
      rejected_.clear();
      work();
      Batch batch = decoder.columns().take();
      Batches table{batch.schema, {}};
      if (batch.length != 0) table.batches.push_back(std::move(batch));
      return Decoded(std::move(table), std::exchange(rejected_, {}));
    });
  }

  Decoder decoder_;

 private:
  std::mutex mutex_;
  std::size_t index_ = 0;
  std::vector<RejectedRecord> rejected_;
};

inline records::Lines lines_for(const records::JsonRecords&, std::size_t most_bytes) {
  return records::Lines(most_bytes);
}
inline records::CsvLines lines_for(const records::CsvRecords& decoder, std::size_t most_bytes) {
  return records::CsvLines(decoder.delimiter(), most_bytes);
}
inline void restart(records::JsonRecords&) {}
inline void restart(records::CsvRecords& decoder) { decoder.restart(); }

// One whose records may also be lines of a text, whole or in chunks.
template <class Decoder>
class LineStream : public RecordStream<Decoder> {
 public:
  explicit LineStream(Decoder decoder)
      : RecordStream<Decoder>(std::move(decoder)),
        lines_(lines_for(this->decoder_, records::Lines::kMostBytes)) {}

  Decoded decode_text(std::string_view text) {
    return this->run([&] {
      auto lines = lines_for(this->decoder_, text.size());
      restart(this->decoder_);
      lines.push(text, line_user());
      lines.finish(line_user());
      restart(this->decoder_);
    });
  }
  Decoded push(std::string_view chunk) {
    return this->run([&] { lines_.push(chunk, line_user()); });
  }
  Decoded finish() {
    return this->run([&] {
      lines_.finish(line_user());
      restart(this->decoder_);
    });
  }

 private:
  auto line_user() {
    return [this](std::string_view line, bool whole) {
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) this->append(line, whole);
    };
  }

  decltype(lines_for(std::declval<const Decoder&>(), 0)) lines_;
};

}  // namespace kedge
