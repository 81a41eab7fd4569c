#include "kedge/edge/signed_offers.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "kedge/base/error.h"
#include "kedge/base/file.h"
#include "kedge/base/json.h"
#include "kedge/edge/http_get.h"
#include "kedge/trust/update_package.h"

namespace kedge::edge {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::uint64_t kHundred = 100;

std::uint64_t whole(const Value& object, std::string_view name, std::uint64_t otherwise) {
  const auto found = object.find(name);
  if (!found) return otherwise;
  const std::int64_t number = found->integer();
  if (number < 0) found->refuse(number, " is below 0");
  return static_cast<std::uint64_t>(number);
}

bool is_in_group(const Value& kedge, const std::string& group) {
  const auto groups = kedge.find("groups");
  if (!groups || groups->size() == 0) return true;
  bool is_in = false;
  for (std::size_t i = 0; i < groups->size(); ++i) is_in |= (*groups)[i].text() == group;
  return is_in;
}

// The same boards of a rollout whatever its share, so that a larger one adds some.
bool is_in_share(const Value& kedge, const std::string& device) {
  const std::uint64_t percent = whole(kedge, "percent", kHundred);
  const auto rollout = kedge.find("rollout");
  Sha256 hash;
  hash.add(as_bytes(text(rollout ? rollout->text() : "", ':', device)));
  const Sha256Sum sum = hash.finish();
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < sizeof first; ++i) {
    first = first << 8 | static_cast<std::uint64_t>(sum[i]);
  }
  return first % kHundred < percent;
}

GateBounds bounds_of(const Value& kedge) {
  GateBounds bounds;
  const auto gate = kedge.find("gate");
  if (!gate) return bounds;
  bounds.rows = whole(*gate, "rows", bounds.rows);
  bounds.seconds = whole(*gate, "seconds", bounds.seconds);
  bounds.disagreement_ppm = whole(*gate, "disagreement_ppm", bounds.disagreement_ppm);
  bounds.distance_ppm = whole(*gate, "distance_ppm", bounds.distance_ppm);
  bounds.latency_percent = whole(*gate, "latency_percent", bounds.latency_percent);
  return bounds;
}

std::optional<Offer> offer_in(const Value& kedge, const UpdateConfig& update,
                              const std::string& device, const trust::TargetFile& file) {
  if (kedge.at("model").text() != update.model) return std::nullopt;
  if (!is_in_group(kedge, update.group) || !is_in_share(kedge, device)) return std::nullopt;
  if (!file.facts.sha256 || !file.facts.length) kedge.refuse("there is no SHA-256 of the file");
  Offer offer;
  offer.path = file.path;
  const Value version = kedge.at("version");
  if (version.integer() < 1) version.refuse(version.integer(), " is below 1");
  offer.image = {static_cast<std::uint64_t>(version.integer()), *file.facts.length,
                 *file.facts.sha256};
  offer.bounds = bounds_of(kedge);
  const auto replaces = kedge.find("replaces");
  for (std::size_t i = 0; replaces && i < replaces->size(); ++i) {
    offer.replaces.push_back(static_cast<std::uint64_t>((*replaces)[i].integer()));
  }
  return offer;
}

}  // namespace

std::optional<Offer> offer_to(const UpdateConfig& update, const std::string& device,
                              const trust::TargetFile& file) {
  if (file.custom.empty()) return std::nullopt;
  try {
    const Document custom = read_json(file.custom);
    const auto kedge = custom.root().find("kedge");
    if (!kedge) return std::nullopt;
    return offer_in(*kedge, update, device, file);
  } catch (const Error& error) {
    throw Error(error.code(), text("target \"", file.path, "\", custom: ", error.what()));
  }
}

SignedOffers::SignedOffers(Storage& storage, const UpdateConfig& update, std::string device,
                           const std::atomic<bool>* stop)
    : update_(update), device_(std::move(device)), client_(storage, read_file(update.root).bytes) {
  if (!update_.package.empty()) return;
  from_ = std::make_unique<HttpGet>(update_.http, update_.prefix, HttpBounds{}, stop);
}

trust::UpdateTime SignedOffers::time() const {
  trust::UpdateTime time;
  if (update_.has_clock) {
    time.now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::seconds(1);
  } else if (!update_.package.empty()) {
    time.grace = static_cast<std::int64_t>(update_.grace_days) * kDay;
  }
  return time;
}

std::vector<Offer> SignedOffers::offers() {
  if (!update_.package.empty()) {
    from_.reset();
    if (::access(update_.package.c_str(), F_OK) != 0) return {};  // no stick
    from_ = std::make_unique<trust::UpdatePackage>(update_.package);
  }
  client_.refresh(*from_, time());
  std::vector<Offer> offers;
  for (const trust::TargetFile& file : client_.targets()) {
    auto offer = offer_to(update_, device_, file);
    if (!offer) continue;
    const auto is_older = [&](const Offer& other) {
      return other.image.version < offer->image.version;
    };
    offers.insert(std::ranges::find_if(offers, is_older), std::move(*offer));
  }
  return offers;
}

void SignedOffers::download(const Offer& offer, const Sink& sink) {
  for (const trust::TargetFile& file : client_.targets()) {
    if (file.path == offer.path) return client_.download(*from_, file, sink);
  }
  throw invalid_argument("target \"", offer.path, "\" is offered no more");
}

}  // namespace kedge::edge
