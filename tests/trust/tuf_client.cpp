// The client from a command line, as the public tuf-conformance suite calls clients, and with a
// package instead of a repository:
//   tuf_client --metadata-dir DIR init ROOT
//   tuf_client --metadata-dir DIR (--metadata-url URL | --package FILE) [--no-clock] [--grace S]
//     refresh
//   ... --target-base-url URL --target-name NAME... --target-dir DIR download
// Prints one line for each target of the top-level role. Exit code 1 and the error when refused.
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "kedge/base/error.h"
#include "kedge/base/file.h"
#include "kedge/base/folder_storage.h"
#include "kedge/edge/http_get.h"
#include "kedge/trust/trust_client.h"
#include "kedge/trust/update_package.h"
#include "kedge/trust/url_path.h"

namespace {

using namespace kedge;

struct Options {
  std::string metadata_dir, metadata_url, target_url, target_dir, package, command, root;
  std::vector<std::string> targets;
  bool has_clock = true;
  std::int64_t grace = 0;
};

Options read_options(int argc, char** argv) {
  Options out;
  const std::vector<std::string> words(argv + 1, argv + argc);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto next = [&] {
      if (i + 1 == words.size()) throw invalid_argument(words[i], ": a value is missing");
      return words[++i];
    };
    const std::string& word = words[i];
    if (word == "--metadata-dir") {
      out.metadata_dir = next();
    } else if (word == "--metadata-url") {
      out.metadata_url = next();
    } else if (word == "--target-base-url") {
      out.target_url = next();
    } else if (word == "--target-dir") {
      out.target_dir = next();
    } else if (word == "--target-name") {
      out.targets.push_back(next());
    } else if (word == "--package") {
      out.package = next();
    } else if (word == "--grace") {
      out.grace = number_of<std::int64_t>(next()).value();
    } else if (word == "--no-clock") {
      out.has_clock = false;
    } else {
      out.command = word;
      if (word == "init") out.root = next();
    }
  }
  return out;
}

// "http://127.0.0.1:PORT/prefix": the address, then what comes before paths.
std::unique_ptr<edge::HttpGet> getter_of(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) throw invalid_argument("expected http://, got \"", url, '"');
  url.remove_prefix(kScheme.size());
  const std::size_t slash = std::min(url.find('/'), url.size());
  std::string prefix(url.substr(slash));
  if (!prefix.ends_with('/')) prefix += '/';
  return std::make_unique<edge::HttpGet>(edge::endpoint_of(text("tcp:", url.substr(0, slash))),
                                         prefix);
}

// Two addresses, where a repository has one.
class TwoPlaces final : public trust::Fetch {
 public:
  TwoPlaces(const std::string& metadata, const std::string& targets)
      : metadata_(getter_of(metadata)), targets_(targets.empty() ? nullptr : getter_of(targets)) {}

  bool fetch(const std::string& path, std::size_t most, const Sink& sink) override {
    const std::string rest = path.substr(path.find('/') + 1);
    const bool is_target = path.starts_with("targets/");
    return (is_target ? targets_ : metadata_)->fetch(rest, most, sink);
  }

 private:
  std::unique_ptr<edge::HttpGet> metadata_, targets_;
};

bool is_cached(const std::string& path, const trust::TargetFile& target) {
  try {
    trust::FileCheck check(target.facts, path);
    check.add(read_file(path).bytes);
    check.finish();
    return true;
  } catch (const Error&) {
    return false;
  }
}

void run(const Options& options) {
  if (options.command == "init") {
    write_file(options.metadata_dir + "/root.json", read_file(options.root).bytes);
    return;
  }
  FolderStorage storage(options.metadata_dir);
  const auto root = storage.read("root.json");
  trust::TrustClient client(storage, root);
  std::unique_ptr<trust::Fetch> from;
  if (options.package.empty()) {
    from = std::make_unique<TwoPlaces>(options.metadata_url, options.target_url);
  } else {
    from = std::make_unique<trust::UpdatePackage>(options.package);
  }
  trust::UpdateTime time;
  if (options.has_clock) time.now = std::time(nullptr);
  time.grace = options.grace;
  client.refresh(*from, time);
  for (const trust::TargetFile& target : client.targets()) {
    std::printf("%s %s\n", target.path.c_str(), target.custom.c_str());
  }
  for (const std::string& name : options.targets) {
    const auto target = client.find_target(*from, name, time);
    if (!target) throw invalid_argument("no target \"", name, '"');
    const std::string path = options.target_dir + "/" + trust::percent_encoded(name, false);
    if (is_cached(path, *target)) continue;
    std::vector<std::byte> bytes;
    client.download(*from, *target,
                    [&](auto piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
    write_file(path, bytes);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(read_options(argc, argv));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
