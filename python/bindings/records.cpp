#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include "bindings.h"
#include "kedge/base/error.h"
#include "kedge/records/avro_records.h"
#include "kedge/records/proto_records.h"
#include "record_stream.h"
#include "records_input.h"
#include "stored.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace kedge {
namespace {

using JsonStream = LineStream<records::JsonRecords>;
using CsvStream = LineStream<records::CsvRecords>;

std::string_view view_of(const nb::bytes& data) {
  return {static_cast<const char*>(data.data()), data.size()};
}

template <class Stream>
Decoded decode(Stream& self, nb::handle data) {
  if (!nb::isinstance<nb::bytes>(data)) return self.decode(RecordList(data));
  return self.decode_text(view_of(nb::borrow<nb::bytes>(data)));
}

template <class Stream>
void bind_lines(nb::class_<Stream>& bound) {
  bound
      .def("decode", decode<Stream>, "data"_a,
           "A table of all that are rows, and those that are not: of a list of records, or of "
           "bytes with a record on each line.")
      .def(
          "push", [](Stream& self, const nb::bytes& chunk) { return self.push(view_of(chunk)); },
          "chunk"_a, "The same of the next chunk of lines; one that is not complete is kept.")
      .def("finish", &Stream::finish, "The same of what was kept.")
      .def_prop_ro(
          "skipped",
          [](Stream& self) {
            return self.with_decoder([](auto& decoder) { return decoder.skipped(); });
          },
          "Fields that no column asked for, so far.");
}

using AvroStream = RecordStream<records::AvroRecords>;

void make_avro(AvroStream* self, nb::handle schema, nb::handle writer) {
  records::AvroRecords decoder(record_schema_of(schema));
  nb::dict framed;
  if (nb::isinstance<nb::str>(writer)) {
    decoder.set_writer(records::AvroSchema(nb::cast<std::string_view>(writer)));
  } else if (nb::try_cast(writer, framed)) {
    for (const auto& [id, text] : framed) {
      decoder.add_writer(nb::cast<std::uint32_t>(id),
                         records::AvroSchema(nb::cast<std::string_view>(text)));
    }
  } else {
    throw nb::type_error("a writer is a schema as text, or a dict of such by their ids");
  }
  new (self) AvroStream(std::move(decoder));
}

void bind_avro(nb::module_& m) {
  nb::class_<AvroStream>(m, "AvroRecords", "Avro records into columns.")
      .def("__init__", make_avro, "schema"_a, "writer"_a,
           nb::sig("def __init__(self, schema: object, writer: str | dict[int, str]) -> None"),
           "Columns by the paths of their fields, and who wrote the records.")
      .def(
          "decode", [](AvroStream& self, nb::handle data) { return self.decode(RecordList(data)); },
          "data"_a, "A table of all records that are rows, and those that are not.")
      .def(
          "add_writer",
          [](AvroStream& self, std::uint32_t id, std::string_view schema) {
            self.with_decoder(
                [&](auto& decoder) { decoder.add_writer(id, records::AvroSchema(schema)); });
          },
          "id"_a, "schema"_a, "Records that come with this id are of this writer.");
  m.def(
      "schema_id", [](const nb::bytes& record) { return records::schema_id_of(view_of(record)); },
      "record"_a, "The id that a schema registry put before a record; None when there is none.");
  m.def(
      "avro_canonical",
      [](std::string_view schema) { return records::AvroSchema(schema).canonical(); }, "schema"_a,
      "A schema's Parsing Canonical Form: equal for schemas that read alike.");
  m.def(
      "avro_fingerprint",
      [](std::string_view schema) { return records::AvroSchema(schema).fingerprint(); }, "schema"_a,
      "The CRC-64-AVRO of that form.");
}

using ProtoStream = RecordStream<records::ProtoRecords>;

void make_proto(ProtoStream* self, nb::handle schema, const nb::bytes& descriptors,
                std::string_view message, bool framed) {
  new (self) ProtoStream(
      records::ProtoRecords(record_schema_of(schema), bytes_of(descriptors), message, framed));
}

void bind_proto(nb::module_& m) {
  nb::class_<ProtoStream>(m, "ProtobufRecords", "Messages of Protocol Buffers into columns.")
      .def("__init__", make_proto, "schema"_a, "descriptors"_a, "message"_a, nb::kw_only(),
           "framed"_a = false,
           "Columns by the paths of their fields, in a message that a FileDescriptorSet has.")
      .def(
          "decode",
          [](ProtoStream& self, nb::handle data) { return self.decode(RecordList(data)); },
          "data"_a, "A table of all records that are rows, and those that are not.");
}

std::string represent(const RejectedRecord& self) {
  return text("Rejected(index=", self.index, ", field='", self.field, "', reason='", self.reason,
              "')");
}

void make_csv(CsvStream* self, nb::handle schema, std::string_view delimiter,
              std::vector<std::string> names) {
  if (delimiter.size() != 1) {
    throw invalid_argument("a delimiter is one character, got \"", delimiter, '"');
  }
  new (self) CsvStream(
      records::CsvRecords(record_schema_of(schema), {delimiter.front(), std::move(names)}));
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
  nb::class_<JsonStream> json(m, "JsonRecords", "JSON records into columns.");
  json.def(
      "__init__",
      [](JsonStream* self, nb::handle schema) {
        new (self) JsonStream(records::JsonRecords(record_schema_of(schema)));
      },
      "schema"_a, "Columns by the paths of their fields.");
  bind_lines(json);
  nb::class_<CsvStream> csv(m, "CsvRecords", "CSV records into columns.");
  csv.def("__init__", make_csv, "schema"_a, nb::kw_only(), "delimiter"_a = ",",
          "names"_a = std::vector<std::string>(),
          "Columns by the names of their fields: of the first record, or those given in order.");
  bind_lines(csv);
  bind_avro(m);
  bind_proto(m);
}

}  // namespace kedge
