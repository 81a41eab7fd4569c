#include "kedge/serve/describe.h"

#include <cstdint>
#include <limits>

namespace kedge {
namespace {

constexpr std::uint64_t kMostRows = std::numeric_limits<std::int32_t>::max();

void write_lengths(std::uint32_t field, std::span<const std::int64_t> lengths, ProtoWriter& out) {
  out.message(field, [&] {
    for (const std::int64_t length : lengths) out.packed(static_cast<std::uint64_t>(length));
  });
}

void write_shape(std::uint32_t field, const TensorShape& shape, ProtoWriter& out) {
  out.message(field, [&] {
    out.text(1, shape.name);
    out.text(2, row_of(shape.datatype).name);
    write_lengths(3, shape.shape, out);
  });
}

void write_config(std::uint32_t field, std::uint32_t lengths, const TensorShape& shape,
                  ProtoWriter& out) {
  if (shape.shape[0] >= 0) return;
  out.message(field, [&] {
    out.text(1, shape.name);
    out.integer(2, static_cast<std::uint64_t>(shape.datatype) + 1);
    write_lengths(lengths, std::span(shape.shape).subspan(1), out);
  });
}

void write_duration(std::uint32_t field, std::uint64_t calls, std::uint64_t ns, ProtoWriter& out) {
  out.message(field, [&] {
    out.integer(1, calls);
    out.integer(2, ns);
  });
}

void write_counts(const ServedModel& served, ProtoWriter& out) {
  const CallCounts counts = served.metrics->read();
  const std::uint64_t good = counts.codes[0];
  out.message(1, [&] {
    out.text(1, served.name);
    out.text(2, served.version);
    out.integer(3, counts.last_ms);
    out.integer(4, counts.rows);
    out.integer(5, good);
    out.message(6, [&] {
      write_duration(1, good, counts.nanoseconds - counts.failed_nanoseconds, out);
      write_duration(2, counts.calls() - good, counts.failed_nanoseconds, out);
    });
  });
}

}  // namespace

void write_metadata(const Catalog& catalog, const ModelQuestion& asked, ProtoWriter& out) {
  const ServedModel& served = catalog.find(asked.name, asked.version);
  out.text(1, served.name);
  for (const auto& [version, one] : catalog.models.find(asked.name)->second) out.text(2, version);
  out.text(3, "kedge");
  for (const TensorShape& input : served.form->inputs) write_shape(4, input, out);
  for (const TensorShape& output : served.form->outputs) write_shape(5, output, out);
}

void write_configuration(const Catalog& catalog, const ModelQuestion& asked, ProtoWriter& out) {
  const ServedModel& served = catalog.find(asked.name, asked.version);
  out.message(1, [&] {
    out.text(1, served.name);
    out.text(2, "kedge");
    out.integer(4, kMostRows);
    for (const TensorShape& input : served.form->inputs) write_config(5, 4, input, out);
    for (const TensorShape& output : served.form->outputs) write_config(6, 3, output, out);
    out.text(17, "kedge");
  });
}

void write_statistics(const Catalog& catalog, const ModelQuestion& asked, ProtoWriter& out) {
  if (!asked.name.empty()) return write_counts(catalog.find(asked.name, asked.version), out);
  for (const auto& [name, versions] : catalog.models) {
    for (const auto& [version, served] : versions) write_counts(served, out);
  }
}

}  // namespace kedge
