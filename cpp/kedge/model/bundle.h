// The `.kedge` file: a model, what its rows look like, and what it must answer, in sections that
// are mapped and used in place. docs/formats.md has the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kedge/model/foreign.h"
#include "kedge/model/graph.h"
#include "kedge/model/quantize.h"

namespace kedge {

// Rows and the raw scores that they must have, to the bit.
struct Golden {
  std::vector<double> rows;  // `features` values each
  std::vector<double> raw;   // `outputs` each
};

// How the model compared with its trainer when it was compiled.
struct Parity {
  std::uint64_t rows = 0;         // compared; 0 when the trainer was not there
  std::uint64_t rows_off = 0;     // of them, with a score that is not the trainer's to the bit
  double largest_difference = 0;  // of raw scores
};

inline constexpr std::size_t kMostSampleRows = 10'000;

struct Bundle {
  std::string origin;
  std::vector<Feature> features;
  RankedForest forest;             // without trees when the graph has none
  std::optional<Graph> graph;      // of a model that is not trees alone
  std::optional<Foreign> foreign;  // instead of both: scores are doubles
  Golden golden;
  Parity parity;
  std::map<std::string, std::string> metadata;
  std::vector<std::byte> profile;  // a reference Profile's bytes, or none
  std::vector<double> sample;      // rows of the reference that somebody asked to keep

  // Of the raw scores, which are as many as the predictions.
  std::uint32_t outputs() const noexcept {
    if (foreign) return foreign->outputs;
    return graph ? graph->outputs() : forest.outputs;
  }
  bool gives_float32() const noexcept {
    if (foreign) return false;
    return graph ? graph->steps.back().number == NumberKind::kFloat : forest.sums_float32;
  }
};

// Throws CorruptData when steps of trees do not fit the forest that they ask.
void check_trees(const Graph& graph, const RankedForest& forest);

// The same bytes for the same bundle on every machine.
std::vector<std::byte> write_bundle(const Bundle& bundle);

// Reads `bytes` in place: the forest points into them, and `owner` keeps them alive; they begin on
// a multiple of eight. Everything is checked once, so that scoring needs no check. Throws
// CorruptData that names the section, Unsupported for a newer version.
Bundle read_bundle(std::span<const std::byte> bytes, std::shared_ptr<const void> owner);

}  // namespace kedge
