// A definition, and the window once the first batch has told the schema: what Python's threads
// hold.
//
// Thread safety: any thread at any time. One is in the window, the others wait, without the GIL:
// whoever is in may need it, to compile a user's code or to let go of a batch.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <mutex>

#include "kedge/window/window.h"
#include "user_codes.h"

namespace kedge {

class WindowStream {
 public:
  // `codes` of users' aggregates; may be absent when the definition has none.
  WindowStream(WindowSpec spec, std::unique_ptr<PythonCodes> codes)
      : codes_(std::move(codes)), spec_(std::move(spec)) {}
  WindowStream(std::unique_ptr<Window> window, std::unique_ptr<PythonCodes> codes)
      : codes_(std::move(codes)), spec_(window->spec()), window_(std::move(window)) {}

  const WindowSpec& spec() const noexcept { return spec_; }

  // For Python's garbage collection: a user's class knows the names around it, and so perhaps this
  // very stream. What is let go of is no more than a definition.
  PyObject* held() const noexcept { return codes_ ? codes_->object().ptr() : nullptr; }
  void let_go() noexcept {
    window_.reset();
    codes_.reset();
  }

  // What `run` gives of the window, which is null before there is one. Called with the GIL, which
  // `run` has not.
  template <class Run>
  auto with_window(const Run& run) {
    const nanobind::gil_scoped_release unlocked;
    const std::lock_guard alone(mutex_);
    return run(window_.get());
  }
  // The same, of a window that this schema makes if need be.
  template <class Run>
  auto with_window_of(const std::shared_ptr<const Schema>& schema, const Run& run) {
    return with_window([&](const Window* known) {
      if (known == nullptr) window_ = std::make_unique<Window>(spec_, schema, codes_.get());
      return run(*window_);
    });
  }

 private:
  std::unique_ptr<PythonCodes> codes_;
  WindowSpec spec_;
  std::mutex mutex_;
  std::unique_ptr<Window> window_;
};

}  // namespace kedge
