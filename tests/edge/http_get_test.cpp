// A file over HTTP is whole or an error, whatever the server does, and within its bounds.
#include "kedge/edge/http_get.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "check.h"
#include "kedge/base/bytes.h"
#include "kedge/base/error.h"
#include "kedge/edge/http_answer.h"
#include "kedge/edge/steady_clock.h"

namespace kedge::edge {
namespace {

// Answers every question with the same bytes, once or without end, and keeps the last question.
class Server {
 public:
  explicit Server(std::string answer, bool repeats = false, bool stays_open = false)
      : path_(text("/tmp/kedge_http_", ::getpid(), ".sock")),
        listener_(listen_at(endpoint_of(text("unix:", path_)))),
        thread_([this, answer = std::move(answer), repeats, stays_open] {
          serve(answer, repeats, stays_open);
        }) {}
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    ends_ = true;
    thread_.join();
    ::close(listener_);
    ::unlink(path_.c_str());
  }

  std::string get(std::size_t most, HttpBounds bounds = {},
                  const std::atomic<bool>* stop = nullptr) {
    HttpGet get(endpoint_of(text("unix:", path_)), "/r/", bounds, stop);
    const auto whole = get.fetch_whole("a%20b", most);
    return whole ? std::string(as_text(*whole)) : "none";
  }
  std::string asked() {
    ends_ = true;
    thread_.join();
    thread_ = std::thread([] {});
    return asked_;
  }

 private:
  void serve(const std::string& answer, bool repeats, bool stays_open) {
    while (!ends_) {
      pollfd waited{listener_, POLLIN, 0};
      if (::poll(&waited, 1, 5) <= 0) continue;
      const int client = accept_at(listener_);
      char question[1024];
      pollfd question_there{client, POLLIN, 0};
      ::poll(&question_there, 1, 1000);
      const ssize_t got = ::recv(client, question, sizeof question, 0);
      asked_.assign(question, got > 0 ? static_cast<std::size_t>(got) : 0);
      ssize_t sent = 0;
      do {
        sent = ::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
        pollfd room{client, POLLOUT, 0};
        ::poll(&room, 1, 5);
      } while (repeats && !ends_ && (sent > 0 || errno == EAGAIN));
      while (stays_open && !ends_) ::poll(nullptr, 0, 1);
      ::close(client);
    }
  }

  std::string path_;
  int listener_;
  std::atomic<bool> ends_ = false;
  std::string asked_;
  std::thread thread_;
};

}  // namespace

TEST("a file comes whole, with a length and without") {
  Server with("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nServer: x\r\n\r\nabcdef");
  CHECK(with.get(3) == "abc");
  CHECK(with.asked() == "GET /r/a%20b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  CHECK(Server("HTTP/1.0 200 OK\r\n\r\nabc").get(3) == "abc");
  CHECK(Server("HTTP/1.0 200\r\ncontent-length:0\r\n\r\n").get(0).empty());
}

TEST("what is not there is none") {
  CHECK(Server("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc").get(9) == "none");
  CHECK(Server("HTTP/1.1 403 Forbidden\r\n\r\n").get(9) == "none");
  CHECK_ERROR("HTTP: status 302 for /r/a%20b", Server("HTTP/1.1 302 Found\r\n\r\n").get(9));
  CHECK_ERROR("HTTP: status 500 for /r/a%20b", Server("HTTP/1.1 500 Oh\r\n\r\n").get(9));
  HttpGet nobody(endpoint_of("unix:/tmp/kedge_http_nobody.sock"), "/", {});
  CHECK_ERROR("HTTP: no server at", nobody.fetch_whole("a", 1));
  CHECK_ERROR("a repository is behind unix: or tcp:", HttpGet(endpoint_of("-"), "/"));
}

TEST("more than is read is refused, and without end") {
  CHECK_ERROR("HTTP: /r/a%20b has more than the 2 bytes that are read",
              Server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").get(2));
  CHECK_ERROR("HTTP: /r/a%20b has more than the 2 bytes that are read",
              Server("HTTP/1.1 200 OK\r\n\r\nabc").get(2));
  const std::string much = text("HTTP/1.1 200 OK\r\n\r\n", std::string(1 << 16, 'x'));
  CHECK_ERROR("has more than the 1000000 bytes that are read", Server(much, true).get(1'000'000));
  CHECK_ERROR("HTTP: the answer's head has more than 16384 bytes",
              Server(text("HTTP/1.1 200 OK\r\n", std::string(1 << 16, 'x')), true).get(9));
}

TEST("what breaks off or is slow is refused") {
  CHECK_ERROR("HTTP: /r/a%20b breaks off 1 bytes before its end",
              Server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc").get(9));
  CHECK_ERROR("HTTP: the answer ends within its head", Server("HTTP/1.1 200 OK\r\n").get(9));
  HttpBounds idle;
  idle.idle_nanos = 20'000'000;
  CHECK_ERROR("HTTP: nothing came for",
              Server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", false, true).get(9, idle));
  HttpBounds whole;
  whole.whole_nanos = 20'000'000;
  CHECK_ERROR("HTTP: not there after",
              Server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", false, true).get(9, whole));
}

TEST("who is told to stop waits for no server") {
  Server server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", false, true);
  std::atomic<bool> stop = false;
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop = true;
  });
  const std::int64_t begin = steady_nanos();
  CHECK_ERROR("HTTP: stopped before it was there", server.get(9, {}, &stop));
  CHECK(steady_nanos() - begin < 5'000'000'000);
  stopper.join();
}

TEST("heads that are none, or say of codings, are refused by name") {
  const auto refuses = [](std::string_view part, std::string_view head) {
    const std::string why = test::error_of([&] { read_http_answer(head); });
    CHECK(why.find(part) != std::string::npos);
  };
  refuses("is no status line", "HTTP/2 200 OK\r\n\r\n");
  refuses("is no status line", "HTTP/1.1 20 OK\r\n\r\n");
  refuses("is no status line", "HTTP/1.1 2000\r\n\r\n");
  refuses("is no status line", "\r\n\r\n");
  refuses("is no header field", "HTTP/1.1 200 OK\r\nabc\r\n\r\n");
  refuses("is no header field", "HTTP/1.1 200 OK\r\nA: 1\r\n folded: 2\r\n\r\n");
  refuses("transfer coding \"chunked\"", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  refuses("content coding \"gzip\"", "HTTP/1.1 200 OK\r\nCONTENT-ENCODING:gzip\r\n\r\n");
  refuses("content length \"-1\"", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n");
  refuses("content length \"4\"",
          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n");
  refuses("a line of the head does not end", "HTTP/1.1 200 OK\n\n");
  CHECK(read_http_answer("HTTP/1.1 200 OK\r\nContent-Length:\t 3 \r\n\r\n").length == 3);
}

}  // namespace kedge::edge
