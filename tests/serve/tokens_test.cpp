#include "kedge/serve/tokens.h"

#include "check.h"
#include "kedge/serve/admission.h"

namespace kedge {
namespace {

constexpr std::string_view kText =
    "# ours\n\n  infer 0123456789abcdef # of the shop\r\nadmin\tfedcba9876543210";

TEST("a token has the scope of its line, and nothing else has one") {
  const Tokens tokens(kText, "t");
  CHECK(tokens.scope("Bearer 0123456789abcdef") == TokenScope::kInfer);
  CHECK(tokens.scope("Bearer fedcba9876543210") == TokenScope::kAdmin);
  for (const std::string_view header :
       {"", "Bearer", "Bearer ", "0123456789abcdef", "bearer 0123456789abcdef",
        "Bearer 0123456789abcde", "Bearer 0123456789abcdef0123456789abcdef",
        "Bearer 0123456789abcdee", "Bearer  0123456789abcdef"}) {
    CHECK(tokens.scope(header) == TokenScope::kNone);
  }
}

TEST("a token that stands twice has the wider scope") {
  const Tokens tokens("admin 0123456789abcdef\ninfer 0123456789abcdef", "t");
  CHECK(tokens.scope("Bearer 0123456789abcdef") == TokenScope::kAdmin);
}

TEST("lines that are no tokens are refused and not repeated") {
  CHECK_ERROR("t: has no token", Tokens(" # none\n", "t"));
  CHECK_ERROR("t:2: expected", Tokens("\nroot 0123456789abcdef", "t"));
  CHECK_ERROR("t:1: expected", Tokens("infer", "t"));
  CHECK_ERROR("t:1: expected", Tokens("infer 0123456789abcdef more", "t"));
  CHECK_ERROR("t:1: the token has 5 characters", Tokens("infer short", "t"));
  CHECK_ERROR("t:2: the token has characters beyond",
              Tokens("#\xFC\ninfer 0123456789abcde\xFC", "t"));
  CHECK(test::error_of([] { Tokens("root 0123456789abcdef", "t"); }).find("0123") ==
        std::string::npos);
}

TEST("who may only infer neither loads nor unloads") {
  for (const std::string_view method : {"RepositoryModelLoad", "RepositoryModelUnload"}) {
    CHECK(may_call(TokenScope::kAdmin, method) && !may_call(TokenScope::kInfer, method));
  }
  CHECK(may_call(TokenScope::kInfer, "ModelInfer") && !may_call(TokenScope::kNone, "ModelInfer"));
}

TEST("who may only give feedback does nothing else") {
  const Tokens tokens(
      "feedback 0123456789abcdef\nfeedback fedcba9876543210\n"
      "infer fedcba9876543210",
      "t");
  const TokenScope one = tokens.scope("Bearer 0123456789abcdef");
  CHECK(one == TokenScope::kFeedback && may_call(one, "Feedback"));
  CHECK(!may_call(one, "ModelInfer") && !may_call(one, "RepositoryModelLoad"));
  CHECK(!may_call(TokenScope::kInfer, "Feedback") && may_call(TokenScope::kAdmin, "Feedback"));
  const TokenScope both = tokens.scope("Bearer fedcba9876543210");
  CHECK(may_call(both, "Feedback") && may_call(both, "ModelInfer"));
  CHECK(!may_call(both, "RepositoryModelLoad"));
}

TEST("calls beyond the bound are refused and counted until one has left") {
  Admission admission(2);
  CHECK(admission.enter() && admission.enter() && !admission.enter());
  CHECK(admission.read().in_flight == 2 && admission.read().refused == 1);
  admission.leave();
  CHECK(admission.enter() && !admission.enter());
  CHECK(admission.read().in_flight == 2 && admission.read().refused == 2);
  admission.refuse_client();
  CHECK(admission.read().in_flight == 1 && admission.read().refused == 2);
  CHECK(admission.read().client_refused == 1);
}

}  // namespace
}  // namespace kedge
