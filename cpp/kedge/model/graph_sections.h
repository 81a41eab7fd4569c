// The sections of a model file that hold a graph, used in place. docs/formats.md has the bytes.
#pragma once

#include "kedge/model/graph.h"
#include "kedge/model/sections.h"

namespace kedge {

void write_graph(const Graph& graph, SectionWriter& file);

// Checked: throws CorruptData that names what is out of its bounds. `owner` is left to the caller.
Graph read_graph(const SectionReader& file, std::uint32_t features);

}  // namespace kedge
