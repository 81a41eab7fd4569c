#include "load_run.h"

#include <sched.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/base/file.h"
#include "kedge/sla/latency_histogram.h"
#include "transport/whole_message.h"

namespace kedge {
namespace {

constexpr std::size_t kCodes = 17;

std::vector<grpc::ByteBuffer> requests_of(std::span<const std::byte> bytes) {
  std::vector<grpc::ByteBuffer> requests;
  while (!bytes.empty()) {
    std::uint32_t size = 0;
    if (bytes.size() < sizeof size) throw corrupt_data("requests end within a length");
    std::memcpy(&size, bytes.data(), sizeof size);
    bytes = bytes.subspan(sizeof size);
    if (size > bytes.size())
      throw corrupt_data("a request of ", size, " bytes, ", bytes.size(), " left");
    requests.push_back(buffer_of(bytes.first(size)));
    bytes = bytes.subspan(size);
  }
  return requests;
}

std::vector<std::int64_t> due_of(std::span<const std::byte> bytes) {
  if (bytes.size() % sizeof(std::int64_t) != 0) throw corrupt_data("times end within a number");
  std::vector<std::int64_t> due(bytes.size() / sizeof(std::int64_t));
  if (!due.empty()) std::memcpy(due.data(), bytes.data(), bytes.size());
  return due;
}

void append_counts(std::string& out, const LatencyHistogram& histogram) {
  std::string cells;
  std::string counts;
  for (std::size_t i = 0; i < kLatencyCells; ++i) {
    const std::uint64_t count = histogram.counts()[i];
    if (count == 0) continue;
    cells += text(cells.empty() ? "" : ",", i);
    counts += text(counts.empty() ? "" : ",", count);
  }
  out += text("{\"cells\": [", cells, "], \"counts\": [", counts, "]}");
}

class Slices final : public CallReader {
 public:
  explicit Slices(const LoadRunOptions& options, std::size_t calls)
      : options_(options), calls_(calls), slices_(options.slices) {
    for (auto& slice : slices_) slice = std::make_unique<Slice>();
  }

  void took(const CallReading& reading) override {
    const std::int64_t since = reading.due - options_.warm_ns;
    if (since < 0) return;
    const auto place = static_cast<std::size_t>(since / options_.slice_ns);
    Slice& slice = *slices_[std::min(place, slices_.size() - 1)];
    const auto code = static_cast<std::size_t>(reading.status.error_code());
    ++slice.codes[std::min(code, kCodes - 1)];
    lag_.record(reading.sent - reading.due);
    last_ = std::max(last_, reading.done);
    // Who is refused at once has not been served fast; who is never answered waited all the same.
    const bool is_unsent = reading.status.error_message() == "unsent";
    if (reading.status.ok() || code == grpc::StatusCode::DEADLINE_EXCEEDED || is_unsent) {
      slice.latency.record(reading.done - reading.due);
      service_.record(reading.done - reading.sent);
    }
    if (!reading.status.ok() && error_.empty()) error_ = reading.status.error_message();
    unsent_ += is_unsent ? 1 : 0;
  }

  void goes_on(std::size_t sent, std::size_t done) override {
    std::printf("{\"sent\": %zu, \"done\": %zu, \"calls\": %zu}\n", sent, done, calls_);
    std::fflush(stdout);
  }

  void print() const {
    std::string out = text("{\"end_ns\": ", last_, ", \"unsent\": ", unsent_, ", \"lag\": ");
    append_counts(out, lag_);
    out += ", \"service\": ";
    append_counts(out, service_);
    out += ", \"error\": \"";
    for (const char c : error_) out += c < ' ' || c == '"' || c == '\\' ? ' ' : c;
    out += "\", \"slices\": [";
    for (std::size_t i = 0; i < slices_.size(); ++i) {
      out += i == 0 ? "{\"codes\": [" : ", {\"codes\": [";
      for (std::size_t code = 0; code < kCodes; ++code)
        out += text(code == 0 ? "" : ",", slices_[i]->codes[code]);
      out += "], \"latency\": ";
      append_counts(out, slices_[i]->latency);
      out += '}';
    }
    std::puts((out + "]}").c_str());
  }

 private:
  struct Slice {
    LatencyHistogram latency;
    std::array<std::uint64_t, kCodes> codes{};
  };
  const LoadRunOptions& options_;
  std::size_t calls_;
  std::vector<std::unique_ptr<Slice>> slices_;
  LatencyHistogram lag_;
  LatencyHistogram service_;
  std::string error_;
  std::int64_t last_ = 0;
  std::uint64_t unsent_ = 0;
};

template <class Number>
Number number(std::string_view option, std::string_view word, Number least) {
  const std::optional<Number> value = number_of<Number>(word);
  if (!value || *value < least)
    throw invalid_argument(option, " ", word, ": expected a number from ", least);
  return *value;
}

bool read_place(CallPlace& place, std::string_view option, const std::string& word) {
  if (option == "--connections") {
    place.connections = number<std::size_t>(option, word, 1);
  } else if (option == "--ca") {
    place.ca = word;
  } else if (option == "--cert") {
    place.cert = word;
  } else if (option == "--key") {
    place.key = word;
  } else if (option == "--timeout") {
    place.timeout_s = number<double>(option, word, 1e-3);
  } else if (option == "--token-file") {
    const MappedFile file = read_file(word);
    std::string token(reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size());
    token.resize(token.find_last_not_of(" \r\n") + 1);
    place.metadata.emplace_back("authorization", "Bearer " + token);
  } else {
    return false;
  }
  return true;
}

}  // namespace

LoadRunOptions read_load_options(std::span<const std::string> words) {
  if (words.size() % 2 != 1)
    throw invalid_argument("expected TARGET and options with their values");
  LoadRunOptions options;
  options.place.target = words.front();
  for (std::size_t i = 1; i < words.size(); i += 2) {
    const std::string& option = words[i];
    const std::string& word = words[i + 1];
    if (read_place(options.place, option, word)) continue;
    if (option == "--due") {
      options.due_path = word;
    } else if (option == "--requests") {
      options.requests_path = word;
    } else if (option == "--warm-ns") {
      options.warm_ns = number<std::int64_t>(option, word, 0);
    } else if (option == "--slice-ns") {
      options.slice_ns = number<std::int64_t>(option, word, 1);
    } else if (option == "--slices") {
      options.slices = number<std::size_t>(option, word, 1);
    } else if (option == "--cpu") {
      options.cpu = number<int>(option, word, 0);
    } else {
      throw invalid_argument("option ", option, " is not known");
    }
  }
  return options;
}

void run_load(const LoadRunOptions& options) {
  const std::vector<std::int64_t> due = due_of(read_file(options.due_path).bytes);
  const MappedFile requests = read_file(options.requests_path);
  LoadCaller caller(options.place, requests_of(requests.bytes));
  if (options.cpu >= 0) {  // what gRPC has started by now keeps where it is
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<unsigned>(options.cpu), &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
      throw invalid_argument("--cpu ", options.cpu, ": there is none, or it is not ours");
  }
  Slices slices(options, due.size());
  caller.open_loop(due, slices);
  slices.print();
}

}  // namespace kedge
