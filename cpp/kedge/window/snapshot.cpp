#include "kedge/arrow/ipc.h"
#include "kedge/base/error.h"
#include "kedge/base/frame.h"
#include "kedge/window/window.h"

namespace kedge {
namespace {

constexpr std::uint32_t kVersion = 2;

template <class Write>
void write_section(ByteWriter& out, std::string_view kind, const Write& write) {
  const std::size_t begin = begin_frame(out, kind, kVersion);
  write();
  end_frame(out, begin);
}

std::span<const std::byte> read_section(ByteReader& in, std::string_view kind) {
  return open_frame(in, kind, kVersion).payload;
}

// The code of users' aggregates must be there, and be that of the snapshot.
void check_codes(const WindowSpec& spec, const UserCodes* codes) {
  WindowSpec found = spec;
  const auto take_hash = [codes](UserSpec& user) {
    const auto hash = codes == nullptr ? std::nullopt : codes->hash_of(user.code);
    if (!hash) {
      throw invalid_argument("the snapshot needs the code of \"", user.code,
                             "\", which was not given");
    }
    user.hash = *hash;
  };
  for (AggregateSpec& aggregate : found.aggregates) {
    if (aggregate.function == Function::kUser) take_hash(aggregate.user);
  }
  for (UserColumnSpec& column : found.columns) take_hash(column.user);
  if (found == spec) return;
  throw invalid_argument("the snapshot is of another definition: ", difference_of(spec, found));
}

}  // namespace

std::vector<std::byte> Window::snapshot(std::span<const std::byte> note) const {
  expect_sound();
  ByteWriter out;
  out.reserve(stats().state_bytes);
  write_section(out, "WSNP", [&] {
    out.write_bytes(spec_.to_bytes());
    write_section(out, "WSCH", [&] { write_ipc(*schema_, {}, out); });
    write_section(out, "WNOT", [&] { out.write_bytes(note); });
    write_section(out, "WCNT", [&] {
      out.write(rows_);
      out.write(static_cast<std::uint8_t>(is_finished_));
      for (std::size_t i = 0; i < kLateReasons; ++i) {
        out.write(late_.count(static_cast<LateReason>(i)));
      }
      watermark_.write(out);
    });
    write_section(out, "WKEY", [&] { keys_.write(out); });
    write_section(out, "WSTA", [&] { windows_->write(out); });
    write_section(out, "WLAT",
                  [&] { write_ipc(*late_.waiting().schema, late_.waiting().batches, out); });
  });
  return out.take();
}

Window::Restored Window::restore(std::span<const std::byte> bytes, const WindowSpec* expected,
                                 const UserCodes* codes) {
  const Frame frame = open_whole_frame(bytes, "window snapshot", "WSNP", kVersion);
  if (frame.version != kVersion) {
    throw unsupported("window snapshot: version ", frame.version, ", this build goes on from ",
                      kVersion, " only");
  }
  ByteReader in(frame.payload, "window snapshot");
  WindowSpec spec = WindowSpec::read(in);
  if (expected != nullptr && spec != *expected) {
    throw invalid_argument("the snapshot is of another definition: ",
                           difference_of(spec, *expected));
  }
  check_codes(spec, codes);
  const Batches schema = read_ipc(read_section(in, "WSCH"), nullptr);
  const auto note = read_section(in, "WNOT");
  Restored out;
  out.note.assign(note.begin(), note.end());
  try {
    out.window = std::make_unique<Window>(std::move(spec), schema.schema, codes);
  } catch (const Error& error) {
    throw corrupt_data("window snapshot: its definition does not fit its schema: ", error.what());
  }
  Window& window = *out.window;
  ByteReader counters(read_section(in, "WCNT"), "counters");
  window.rows_ = counters.read<std::uint64_t>();
  window.is_finished_ = counters.read<std::uint8_t>() != 0;
  for (std::size_t i = 0; i < kLateReasons; ++i) {
    window.late_.count(static_cast<LateReason>(i)) = counters.read<std::uint64_t>();
  }
  window.watermark_.read(counters);
  counters.expect_end();
  ByteReader keys(read_section(in, "WKEY"), "keys");
  window.keys_.read(keys);
  keys.expect_end();
  ByteReader states(read_section(in, "WSTA"), "states");
  window.windows_->read(states);
  states.expect_end();
  const auto late = read_section(in, "WLAT");
  auto owner = std::make_shared<const std::vector<std::byte>>(late.begin(), late.end());
  window.late_.restore(read_ipc(*owner, owner));
  in.expect_end();
  return out;
}

}  // namespace kedge
