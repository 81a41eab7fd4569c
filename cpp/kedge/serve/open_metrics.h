// OpenMetrics 1.0 of the text that Prometheus scrapes: what a scraper that asks for it gets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kedge {

enum class ScrapeFormat : std::uint8_t { kPrometheus, kOpenMetrics };

// What the head of an HTTP request wants; Prometheus's own text unless it names the other.
ScrapeFormat wanted_format(std::string_view head);
std::string_view content_type(ScrapeFormat format) noexcept;

// A counter's family is called without "_total" there, and the end is marked.
std::string open_metrics(std::string_view text);

}  // namespace kedge
