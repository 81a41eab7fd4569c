// What comes out of a completion queue.
#pragma once

namespace kedge {

// Its address is the tag that gRPC is given.
class QueueEvent {
 public:
  QueueEvent() = default;
  QueueEvent(const QueueEvent&) = delete;
  QueueEvent& operator=(const QueueEvent&) = delete;
  virtual void happened(bool is_ok) = 0;

 protected:
  virtual ~QueueEvent() = default;
};

class InferCall;

// That asks for an answer, when its turn has come.
class QueuedWork : public QueueEvent {
 public:
  virtual void work() = 0;
  // Itself, if it may be scored together with others.
  virtual InferCall* infer() noexcept { return nullptr; }
};

}  // namespace kedge
