// Threads whose work nobody waits for.
#pragma once

namespace kedge {

// The calling thread runs where no other wants the processor, and at once gives it back: a call
// that comes does not wait until this thread has had its turn. What others wait for it must not
// hold meanwhile. Where the system has no such rank, nothing happens.
void run_in_background() noexcept;

}  // namespace kedge
