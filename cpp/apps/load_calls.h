// Calls as a script on the standard input asks for them, each one's time.
#pragma once

#include <string>

namespace kedge {

// For each line "CALLS AT_ONCE RATE", so many calls with the request that a file has, and a line of
// what they took, in nanoseconds. With rate 0 each call follows another one; else calls are due at
// that rate, whatever those before them do, and each is timed from when it was due.
void answer_calls(const std::string& target, const std::string& request_path);

}  // namespace kedge
