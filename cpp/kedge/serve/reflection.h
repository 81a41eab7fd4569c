// grpc.reflection: what a server's services and messages are, told to those who have no .proto
// files.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kedge {

// Both versions of the service, v1 and v1alpha, have the same messages. Immutable.
inline constexpr std::string_view kReflectionPaths[] = {
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
};

class Reflection {
 public:
  // Of a FileDescriptorSet, which may be empty. Throws CorruptData when it is none.
  explicit Reflection(std::vector<std::byte> descriptor_set);
  Reflection(const Reflection&) = delete;
  Reflection& operator=(const Reflection&) = delete;

  bool is_empty() const noexcept { return files_.empty(); }
  // Appends the ServerReflectionResponse to one ServerReflectionRequest: what is not there is an
  // error in it. Throws CorruptData when the request cannot be read.
  void answer(std::span<const std::byte> request, std::vector<std::byte>& out) const;

 private:
  using Bytes = std::span<const std::byte>;

  void add_file(Bytes file);
  void add_message(const std::string& scope, Bytes message, Bytes file, int depth);
  void add_service(const std::string& scope, Bytes service, Bytes file);

  std::vector<std::byte> set_;
  std::map<std::string, Bytes, std::less<>> files_;    // by name
  std::map<std::string, Bytes, std::less<>> symbols_;  // the file of each
  std::vector<std::string> services_;
};

}  // namespace kedge
