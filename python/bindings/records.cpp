#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <mutex>
#include <utility>

#include "bindings.h"
#include "kedge/arrow/batch.h"
#include "kedge/records/json_records.h"
#include "kedge/records/lines.h"
#include "records_input.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

struct RejectedRecord {
  std::size_t index = 0;  // among the records of the call
  std::string field;
  std::string reason;
  std::string record;
};

using Decoded = std::pair<Batches, std::vector<RejectedRecord>>;

// A decoder that threads may share: it works without the GIL, one call at a time.
template <class Decoder>
class RecordStream {
 public:
  explicit RecordStream(Decoder decoder) : decoder_(std::move(decoder)) {}

  Decoded decode_list(const std::vector<std::string_view>& records) {
    return run([&] {
      for (const std::string_view record : records) append(record, true);
    });
  }
  Decoded decode_lines(std::string_view text) {
    return run([&] {
      records::Lines lines(text.size());
      lines.push(text, line_user());
      lines.finish(line_user());
    });
  }
  Decoded push(std::string_view chunk) {
    return run([&] { lines_.push(chunk, line_user()); });
  }
  Decoded finish() {
    return run([&] { lines_.finish(line_user()); });
  }
  std::uint64_t skipped() {
    const std::scoped_lock lock(mutex_);
    return decoder_.skipped();
  }

 private:
  auto line_user() {
    return [this](std::string_view line, bool whole) {
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) append(line, whole);
    };
  }

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
    const nb::gil_scoped_release released;
    const std::scoped_lock lock(mutex_);
    index_ = 0;
    work();
    Batch batch = decoder_.columns().take();
    Batches table{batch.schema, {}};
    if (batch.length != 0) table.batches.push_back(std::move(batch));
    return {std::move(table), std::exchange(rejected_, {})};
  }

  std::mutex mutex_;
  Decoder decoder_;
  records::Lines lines_;
  std::size_t index_ = 0;
  std::vector<RejectedRecord> rejected_;
};

using JsonStream = RecordStream<records::JsonRecords>;

std::string_view view_of(const nb::bytes& data) {
  return {static_cast<const char*>(data.data()), data.size()};
}

template <class Stream>
Decoded decode(Stream& self, nb::handle data) {
  if (nb::isinstance<nb::bytes>(data))
    return self.decode_lines(view_of(nb::borrow<nb::bytes>(data)));
  return self.decode_list(RecordList(data).views);
}

std::string represent(const RejectedRecord& self) {
  return text("Rejected(index=", self.index, ", field='", self.field, "', reason='", self.reason,
              "')");
}

}  // namespace

void bind_records(nb::module_& m) {
  nb::class_<RejectedRecord>(m, "Rejected", "A record that is no row, and why.")
      .def_ro("index", &RejectedRecord::index, "Its place among the records of the call.")
      .def_ro("field", &RejectedRecord::field, "The field, empty when it is the record itself.")
      .def_ro("reason", &RejectedRecord::reason, "What was wanted, and what was there instead.")
      .def_prop_ro(
          "record",
          [](const RejectedRecord& self) {
            return nb::bytes(self.record.data(), self.record.size());
          },
          "The record.")
      .def("__repr__", represent, "All of it but the record.");
  nb::class_<JsonStream>(m, "JsonRecords", "JSON records into columns.")
      .def(
          "__init__",
          [](JsonStream* self, nb::handle schema) {
            new (self) JsonStream(records::JsonRecords(record_schema_of(schema)));
          },
          "schema"_a, "Columns by the paths of their fields.")
      .def("decode", decode<JsonStream>, "data"_a,
           "A table of all that are rows, and those that are not: of a list of records, or of "
           "bytes with a record on each line.")
      .def(
          "push",
          [](JsonStream& self, const nb::bytes& chunk) { return self.push(view_of(chunk)); },
          "chunk"_a, "The same of the next chunk of lines; one that is not complete is kept.")
      .def("finish", &JsonStream::finish, "The same of what was kept.")
      .def_prop_ro("skipped", &JsonStream::skipped, "Fields that no column asked for, so far.");
}

}  // namespace kedge
