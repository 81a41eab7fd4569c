// Models that the keys of a root of trust offer to this board: of a server, or out of a package.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kedge/base/storage.h"
#include "kedge/edge/config.h"
#include "kedge/edge/update.h"
#include "kedge/trust/trust_client.h"

namespace kedge::edge {

// What the signed `custom` of a file says to a board. docs/formats.md, "Model offers". None when it
// is of another model, or for other boards. Throws CorruptData that names the file and the member.
std::optional<Offer> offer_to(const UpdateConfig& update, const std::string& device,
                              const trust::TargetFile& file);

class SignedOffers final : public OfferSource {
 public:
  // What is trusted is kept in `storage`. `stop` as HttpGet has it. Throws as TrustClient, and when
  // there is no root.
  SignedOffers(Storage& storage, const UpdateConfig& update, std::string device,
               const std::atomic<bool>* stop = nullptr);

  // None when there is no package. One that is there is read to its end at each call: its date and
  // size say little on a stick, and what was refused makes room for another of its offers.
  std::vector<Offer> offers() override;
  void download(const Offer& offer, const Sink& sink) override;

 private:
  trust::UpdateTime time() const;

  UpdateConfig update_;
  std::string device_;
  trust::TrustClient client_;
  std::unique_ptr<trust::Fetch> from_;
};

}  // namespace kedge::edge
