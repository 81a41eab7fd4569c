#include "kedge/serve/reflection.h"

#include <cstdint>
#include <utility>

#include "kedge/base/error.h"
#include "kedge/base/protobuf.h"
#include "kedge/base/protobuf_write.h"
#include "kedge/serve/status.h"

namespace kedge {
namespace {

constexpr int kMostNesting = 32;  // of messages in messages

// Fields of the messages of descriptor.proto.
constexpr std::uint32_t kName = 1;  // of every one of them
constexpr std::uint32_t kFilePackage = 2;
constexpr std::uint32_t kFileMessage = 4;
constexpr std::uint32_t kFileEnum = 5;
constexpr std::uint32_t kFileService = 6;
constexpr std::uint32_t kMessageMessage = 3;
constexpr std::uint32_t kMessageEnum = 4;
constexpr std::uint32_t kServiceMethod = 2;

// Of the request's oneof.
constexpr std::uint32_t kFileByName = 3;
constexpr std::uint32_t kFileBySymbol = 4;
constexpr std::uint32_t kFileByExtension = 5;
constexpr std::uint32_t kExtensions = 6;
constexpr std::uint32_t kListServices = 7;

std::string_view text_in(std::span<const std::byte> message, std::uint32_t field) {
  std::string_view found;
  for (ProtoReader reader(message, "descriptor"); reader.next();) {
    if (reader.field() == field) found = reader.text();
  }
  return found;
}

std::string inside(std::string_view scope, std::string_view name) {
  return scope.empty() ? std::string(name) : text(scope, ".", name);
}

void write_error(ProtoWriter& writer, std::string_view what, std::string_view name) {
  writer.message(7, [&] {
    writer.integer(1, static_cast<std::uint64_t>(StatusCode::kNotFound));
    writer.text(2, text("no ", what, " \"", is_utf8(name) ? name : "?", "\""));
  });
}

template <class Files>
void write_found(ProtoWriter& writer, const Files& files, std::string_view what,
                 std::string_view name) {
  const auto found = files.find(name);
  if (found == files.end()) return write_error(writer, what, name);
  writer.message(4, [&] { writer.bytes(1, found->second); });
}

}  // namespace

Reflection::Reflection(std::vector<std::byte> descriptor_set) : set_(std::move(descriptor_set)) {
  for (ProtoReader reader(set_, "FileDescriptorSet"); reader.next();) {
    if (reader.field() == 1) add_file(reader.bytes());
  }
}

void Reflection::add_file(Bytes file) {
  const std::string scope(text_in(file, kFilePackage));
  for (ProtoReader reader(file, "FileDescriptorProto"); reader.next();) {
    if (reader.field() == kFileMessage) add_message(scope, reader.bytes(), file, 0);
    if (reader.field() == kFileService) add_service(scope, reader.bytes(), file);
    if (reader.field() == kFileEnum) symbols_[inside(scope, text_in(reader.bytes(), kName))] = file;
  }
  files_[std::string(text_in(file, kName))] = file;
}

void Reflection::add_message(const std::string& scope, Bytes message, Bytes file, int depth) {
  const std::string name = inside(scope, text_in(message, kName));
  if (depth > kMostNesting) {
    throw corrupt_data("message ", name, " is nested deeper than ", kMostNesting);
  }
  symbols_[name] = file;
  for (ProtoReader reader(message, "DescriptorProto"); reader.next();) {
    if (reader.field() == kMessageMessage) add_message(name, reader.bytes(), file, depth + 1);
    if (reader.field() == kMessageEnum)
      symbols_[inside(name, text_in(reader.bytes(), kName))] = file;
  }
}

void Reflection::add_service(const std::string& scope, Bytes service, Bytes file) {
  services_.push_back(inside(scope, text_in(service, kName)));
  symbols_[services_.back()] = file;
  for (ProtoReader reader(service, "ServiceDescriptorProto"); reader.next();) {
    if (reader.field() != kServiceMethod) continue;
    symbols_[inside(services_.back(), text_in(reader.bytes(), kName))] = file;
  }
}

void Reflection::answer(Bytes request, std::vector<std::byte>& out) const {
  std::uint32_t asked = 0;
  Bytes value;
  for (ProtoReader reader(request, "ServerReflectionRequest"); reader.next();) {
    if (reader.field() < kFileByName || reader.field() > kListServices) continue;
    asked = reader.field();
    value = reader.bytes();
  }
  const std::string_view name(reinterpret_cast<const char*>(value.data()), value.size());
  ProtoWriter writer(out);
  writer.bytes(2, request);
  switch (asked) {
    case kFileByName:
      return write_found(writer, files_, "file", name);
    case kFileBySymbol:
      return write_found(writer, symbols_, "symbol", name);
    case kListServices:
      return writer.message(6, [&] {
        for (const std::string& service : services_) {
          writer.message(1, [&] { writer.text(1, service); });
        }
      });
    case kFileByExtension:
    case kExtensions:
      return write_error(writer, "extension of", asked == kExtensions ? name : "it");
    default:
      return write_error(writer, "question in", "the request");
  }
}

}  // namespace kedge
