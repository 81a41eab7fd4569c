#include "load_calls.h"

#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string_view>
#include <vector>

#include "kedge/base/file.h"
#include "kedge/base/text.h"
#include "kedge/sla/arrivals.h"
#include "load_caller.h"
#include "transport/whole_message.h"

namespace kedge {
namespace {

class EachCall final : public CallReader {
 public:
  void took(const CallReading& reading) override {
    taken_.push_back(reading.done - reading.due);
    if (!reading.status.ok()) ++failed_;
    answer_ = reading.answer;
    end_ = reading.done;
  }
  void goes_on(std::size_t /*sent*/, std::size_t /*done*/) override {}

  void print() const {
    std::string out =
        text("{\"elapsed_ns\": ", end_, ", \"failed\": ", failed_, ", \"answer\": \"");
    constexpr std::string_view kDigits = "0123456789abcdef";
    if (answer_.Valid()) {
      const WholeMessage answer(answer_);
      for (const std::byte byte : answer.bytes()) {
        out += text(kDigits[std::to_integer<unsigned>(byte) >> 4U],
                    kDigits[std::to_integer<unsigned>(byte) & 15U]);
      }
    }
    out += "\", \"taken_ns\": [";
    std::string_view separator;
    for (const std::int64_t one : taken_) {
      out += text(separator, one);
      separator = ",";
    }
    std::puts((out + "]}").c_str());
    std::fflush(stdout);
  }

 private:
  std::vector<std::int64_t> taken_;
  grpc::ByteBuffer answer_;
  std::int64_t end_ = 0;
  std::size_t failed_ = 0;
};

}  // namespace

void answer_calls(const std::string& target, const std::string& request_path) {
  CallPlace place;
  place.target = target;
  const MappedFile request = read_file(request_path);
  LoadCaller caller(place, {buffer_of(request.bytes)});
  std::size_t calls = 0;
  std::size_t at_once = 0;
  double rate = 0;
  while (std::cin >> calls >> at_once >> rate) {
    EachCall each;
    if (rate > 0) {
      const ArrivalPart part{static_cast<double>(calls) / rate, rate, rate};
      caller.open_loop(arrivals({&part, 1}, Spacing::kEven, 0), each);
    } else {
      caller.closed_loop(calls, at_once, each);
    }
    each.print();
  }
}

}  // namespace kedge
