// Any bytes are a segment's records up to some place, which are those that were written; or none.

#include "fuzz.h"
#include "kedge/edge/spool_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kedge;
  try {
    auto reader = edge::SegmentReader::open(fuzz_bytes(data, size));
    if (!reader) return 0;
    ByteWriter again;
    write_segment_header(again, reader->place());
    edge::SpoolPlace place = reader->place();
    while (const auto record = reader->next()) {
      write_record(again, place, record->kind, record->events, record->payload);
      fuzz_check(place == reader->place());
      if (record->kind != edge::RecordKind::kGap) continue;
      try {
        edge::SpoolGap::from_bytes(record->payload);
      } catch (const Error&) {
      }
    }
    const auto same = fuzz_bytes(data, size).first(again.size());
    fuzz_check(std::equal(same.begin(), same.end(), again.view().begin()));
  } catch (const Error&) {
  }
  return 0;
}
