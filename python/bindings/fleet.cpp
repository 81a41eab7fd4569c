#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <tuple>

#include "bindings.h"
#include "kedge/base/error.h"
#include "kedge/edge/board_stream.h"
#include "kedge/sketch/profile_shape.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nanobind::literals;

namespace kedge {
namespace {

using edge::BoardStream;
using edge::SpoolPlace;

std::span<const std::byte> behind(const nb::bytes& data, std::size_t start) {
  const auto bytes = bytes_of(data);
  return bytes.subspan(std::min(start, bytes.size()));
}

using Place = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, nb::bytes>;

Place place_of(const SpoolPlace& place) {
  return {place.life, place.sequence, place.event, python_bytes(place.chain)};
}

SpoolPlace place_from(const Place& given) {
  SpoolPlace place;
  place.life = std::get<0>(given);
  place.sequence = std::get<1>(given);
  place.event = std::get<2>(given);
  const auto chain = bytes_of(std::get<3>(given));
  if (chain.size() != place.chain.size()) {
    throw invalid_argument("a chain of ", chain.size(), " bytes, wanted are ", place.chain.size());
  }
  std::ranges::copy(chain, place.chain.begin());
  return place;
}

const edge::Intake& intake_of(const BoardStream& stream) {
  if (stream.phase() >= BoardStream::Phase::kGap) return stream.intake();
  throw invalid_argument("the stream has not begun");
}

nb::list taken(BoardStream& stream, bool with_scores) {
  nb::list out;
  for (const edge::SpoolRecord& record : stream.take(with_scores)) {
    out.append(nb::make_tuple(static_cast<int>(record.kind), record.place.sequence,
                              record.place.event, record.events, python_bytes(record.payload)));
  }
  return out;
}

using Counts = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t>;

void bind_board_stream(nb::module_& m) {
  nb::class_<BoardStream>(m, "BoardStream", "A board's upload, as a hub reads it.")
      .def(nb::init<>(), "Nothing has come.")
      .def(
          "feed", [](BoardStream& self, const nb::bytes& data) { self.feed(bytes_of(data)); },
          "data"_a, "Take bytes as they came.")
      .def_prop_ro(
          "phase", [](const BoardStream& self) { return static_cast<int>(self.phase()); },
          "0 greeting, 1 it is answered next, 2 proof, 3 it is judged next, 4 gap, 5 header, 6"
          " records.")
      .def_prop_ro(
          "hello",
          [](const BoardStream& self) {
            const edge::BoardHello& hello = self.hello();
            return std::make_tuple(hello.version, hello.life, python_bytes(as_bytes(hello.device)));
          },
          "The greeting: version, life, device.")
      .def("ask_proof", &BoardStream::ask_proof, "What comes next is the answer to a challenge.")
      .def_prop_ro(
          "proof", [](const BoardStream& self) { return python_bytes(self.proof()); },
          "That answer.")
      .def(
          "begin", [](BoardStream& self, const Place& next) { self.begin(place_from(next)); },
          "next"_a, "Say which record is wanted first: life, number, events before it, chain.")
      .def("take", &taken, "with_scores"_a,
           nb::sig("def take(self, with_scores: bool) -> list[tuple[int, int, int, int, bytes]]"),
           "The new records that the bytes held: kind, number, events before it, events, payload.")
      .def_prop_ro(
          "next", [](const BoardStream& self) { return place_of(intake_of(self).next()); },
          "Which record is wanted next, as begin takes it.")
      .def_prop_ro(
          "counts",
          [](const BoardStream& self) {
            const edge::IntakeCounts& counts = intake_of(self).counts();
            return Counts(counts.records, counts.events, counts.lost_records, counts.lost_events);
          },
          "Records, events, lost records, lost events, since begin.")
      .def_prop_ro("waiting", &BoardStream::waiting, "Bytes of a record that is not whole.");
  m.def(
      "first_place",
      [](const nb::bytes& device, std::uint64_t life) {
        return place_of(edge::first_place(as_text(bytes_of(device)), life));
      },
      "device"_a, "life"_a, "The place of a device's first record.");
}

}  // namespace

void bind_fleet(nb::module_& m) {
  bind_board_stream(m);
  nb::class_<ProfileShape>(m, "ProfileShape", "Cells and names of profiles that may be merged.")
      .def(nb::init<const Profile&>(), "profile"_a, "Of a profile, whatever it has counted.")
      .def_prop_ro(
          "digest", [](const ProfileShape& self) { return python_bytes(self.digest()); },
          "The SHA-256 of the empty profile's bytes.")
      .def_prop_ro("slots", &ProfileShape::slots, "Counters that such a profile has.")
      .def_prop_ro("is_flat", &ProfileShape::is_flat,
                   "Whether all columns are numbers, which is fast.")
      .def(
          "rows_of",
          [](const ProfileShape& self, const nb::bytes& data, std::size_t start) {
            return self.rows_of(behind(data, start));
          },
          "data"_a, "start"_a = 0,
          "The rows of a stored profile of this shape that begins there; None for other bytes.");
  nb::class_<ProfileSum>(m, "ProfileSum", "The sum of stored profiles of one shape.")
      .def(nb::init<std::shared_ptr<const ProfileShape>>(), "shape"_a, "Of no rows.")
      .def(
          "add", [](ProfileSum& self, const nb::bytes& data) { return self.add(bytes_of(data)); },
          "data"_a, "Add a stored profile; False, and nothing added, for other bytes.")
      .def_prop_ro("rows", &ProfileSum::rows, "How many rows were added.")
      .def(
          "to_bytes", [](const ProfileSum& self) { return python_bytes(self.to_bytes()); },
          "The stored form of the profile of all rows.");
}

}  // namespace kedge
