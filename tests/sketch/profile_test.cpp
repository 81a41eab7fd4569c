#include "kedge/sketch/profile.h"

#include "check.h"
#include "kedge/records/json_records.h"
#include "kedge/records/type_text.h"

namespace kedge {
namespace {

records::JsonRecords three_rows() {
  records::JsonRecords rows({records::field_of_text("x", "float64"),
                             records::field_of_text("word", "utf8"),
                             records::field_of_text("y", "int32")});
  CHECK(rows.append(R"({"x": 1.5, "word": "a", "y": 3})"));
  CHECK(rows.append(R"({"x": null, "word": "b", "y": -3})"));
  CHECK(rows.append(R"({"x": 9, "word": null, "y": 0})"));
  return rows;
}

}  // namespace

TEST("profile: columns that were found before are counted as those of a batch") {
  records::JsonRecords rows = three_rows();
  const Batch batch = rows.columns().view();
  const Profile whole = Profile::of(batch.schema, std::span(&batch, 1), {});
  Profile found = whole.like();
  const Column* const columns[] = {&batch.columns[0], &batch.columns[1], &batch.columns[2]};
  found.update(columns, batch.length);
  CHECK(found == whole);
  CHECK(found.row_count() == 3);
}

TEST("profile: behind other bytes it is written as alone") {
  records::JsonRecords rows = three_rows();
  const Batch batch = rows.columns().view();
  const Profile profile = Profile::of(batch.schema, std::span(&batch, 1), {});
  ByteWriter out;
  out.write(std::uint8_t{7});
  profile.write(out);
  CHECK(Profile::from_bytes(out.view().subspan(1)) == profile);
}

}  // namespace kedge
