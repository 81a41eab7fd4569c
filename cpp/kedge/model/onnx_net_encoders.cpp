// From categories to numbers, and to other categories: each is a row of a table by the place of its
// name, or of its number among those that are known.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "kedge/base/text.h"
#include "kedge/model/onnx_net_operators.h"

namespace kedge {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
// The version of ai.onnx.ml from which the runtime finds NaN among the keys of a LabelEncoder.
constexpr std::int64_t kNanIsKnown = 4;
// Tables are as large as the square of a list; a file must not claim more than it justifies.
constexpr std::size_t kMostTable = std::size_t{1} << 22;

// A row of `width` numbers for each category, and one for whatever is none of them.
struct Table {
  std::vector<std::string_view> texts;  // or
  std::vector<double> numbers;
  std::size_t width = 1;
  std::vector<double> rows;
  std::vector<double> otherwise;

  std::span<const double> row(std::size_t i) const {
    return std::span(rows).subspan(i * width, width);
  }
};

class Encoding {
 public:
  // Its slots hold numbers of that kind.
  Encoding(OnnxNetReader& net, const OnnxNode& node, const Table& table, NumberKind number)
      : net_(net), node_(node), table_(table), number_(number) {}

  // Column by column, side by side.
  std::uint32_t slot(const OnnxNetValue& x) {
    const std::size_t columns = net_.net().width(x.slot);
    if (columns == 1) return column(x, x.slot, 0);
    std::vector<std::uint32_t> slots;
    slots.reserve(columns);
    for (std::uint32_t j = 0; j < columns; ++j) {
      slots.push_back(column(x, net_.net().select(x.slot, {&j, 1}), j));
    }
    return net_.net().concat(slots);
  }

 private:
  using Known = std::map<double, std::size_t>;  // rows by number: the first of equal ones counts

  std::uint32_t column(const OnnxNetValue& x, std::uint32_t slot, std::size_t j) {
    if (x.type != OnnxType::kString) {
      if (!table_.texts.empty()) net_.refuse(node_, "its categories are text, its input is not");
      return of_numbers(slot, x.is_cut);
    }
    if (table_.texts.empty()) net_.refuse(node_, "its input is text, its categories are not");
    return x.texts[j] == OnnxTexts::kNumbers ? of_spelled(slot, x.is_cut)
                                             : of_text(slot, x.texts[j]);
  }

  std::uint32_t of_text(std::uint32_t slot, std::uint32_t list) {
    std::vector<std::uint32_t> places;
    places.reserve(table_.texts.size());
    for (const std::string_view name : table_.texts) {
      places.push_back(net_.texts().place(list, name));
    }
    const std::size_t count = net_.texts().size(list);
    std::vector<double> rows = blank(count + 1);
    for (std::size_t i = places.size(); i-- > 0;) put(rows, places[i], table_.row(i));
    return with_rows(slot, rows, net_.texts().place_of_none(list));
  }

  // Names that spell a whole number as the runtime does.
  std::uint32_t of_spelled(std::uint32_t slot, bool is_cut) {
    Known known;
    for (std::size_t i = 0; i < table_.texts.size(); ++i) {
      const std::optional<double> number = number_of<double>(table_.texts[i]);
      const bool is_whole = number && std::fabs(*number) < 0x1p53 && std::trunc(*number) == *number;
      const bool is_same = is_whole && text(static_cast<std::int64_t>(*number)) == table_.texts[i];
      if (is_same) known.emplace(rounded(slot, *number), i);
    }
    return of_known(slot, known, std::nullopt, is_cut);
  }

  std::uint32_t of_numbers(std::uint32_t slot, bool is_cut) {
    Known known;
    std::optional<std::size_t> none;
    for (std::size_t i = 0; i < table_.numbers.size(); ++i) {
      if (!std::isnan(table_.numbers[i])) {
        known.emplace(rounded(slot, table_.numbers[i]), i);
      } else if (!none && net_.ml_opset() >= kNanIsKnown) {
        none = i;
      }
    }
    return of_known(slot, known, none, is_cut);
  }

  // Numbers whose fractions are cut off reach from one bound to the next.
  std::uint32_t of_known(std::uint32_t slot, const Known& known, std::optional<std::size_t> none,
                         bool is_cut) {
    if (is_cut) return of_bounds(slot, known);
    std::vector<double> rising;
    std::vector<double> rows = blank(known.size() + (none ? 2 : 1));
    for (const auto& [number, i] : known) {
      put(rows, rising.size(), table_.row(i));
      rising.push_back(number);
    }
    const std::size_t last = known.size() + (none ? 1 : 0);
    if (none) put(rows, last, table_.row(*none));
    const std::uint32_t places = net_.net().place(slot, Placing::kEqual, rising);
    return with_rows(places, rows, static_cast<double>(last));
  }

  std::uint32_t of_bounds(std::uint32_t slot, const Known& known) {
    std::vector<double> bounds;
    std::vector<std::optional<std::size_t>> parts = {std::nullopt};  // below the first bound
    for (const auto& [number, i] : known) {
      if (std::fabs(number) >= 0x1p24) net_.refuse(node_, "category ", number, " of fractions");
      const double from = number > 0 ? number : above(slot, number - 1);
      const double to = number < 0 ? above(slot, number) : number + 1;
      if (!bounds.empty() && bounds.back() == from) {
        parts.back() = i;
      } else {
        bounds.push_back(from);
        parts.emplace_back(i);
      }
      bounds.push_back(to);
      parts.emplace_back(std::nullopt);
    }
    std::vector<double> rows = blank(parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i]) put(rows, i, table_.row(*parts[i]));
    }
    return with_rows(net_.net().place(slot, Placing::kAtMost, bounds), rows, 0);
  }

  std::uint32_t with_rows(std::uint32_t places, const std::vector<double>& rows, double otherwise) {
    const std::uint32_t slot = net_.net().convert(places, number_);
    return net_.net().look_up(net_.net().fill(slot, {&otherwise, 1}), rows, table_.width);
  }

  // As the slot's numbers have it.
  double rounded(std::uint32_t slot, double number) const {
    const bool is_float = net_.net().number_of(slot) == NumberKind::kFloat;
    return is_float ? static_cast<float>(number) : number;
  }
  double above(std::uint32_t slot, double number) const {
    const bool is_float = net_.net().number_of(slot) == NumberKind::kFloat;
    return is_float ? std::nextafter(static_cast<float>(number), HUGE_VALF)
                    : std::nextafter(number, HUGE_VAL);
  }

  std::vector<double> blank(std::size_t count) const {
    if (count * table_.width > kMostTable) {
      throw resource_exhausted("ONNX node \"", node_.name, "\" (", node_.operation, "): ", count,
                               " categories of ", table_.width, " numbers, at most ", kMostTable,
                               " numbers are possible");
    }
    std::vector<double> rows;
    rows.reserve(count * table_.width);
    for (std::size_t i = 0; i < count; ++i) {
      rows.insert(rows.end(), table_.otherwise.begin(), table_.otherwise.end());
    }
    return rows;
  }
  void put(std::vector<double>& rows, std::size_t place, std::span<const double> row) const {
    std::ranges::copy(row, rows.begin() + static_cast<std::ptrdiff_t>(place * table_.width));
  }

  OnnxNetReader& net_;
  const OnnxNode& node_;
  const Table& table_;
  NumberKind number_;
};

// Zeros for the unknown, or NaN where the runtime would refuse the row.
OnnxNetValue read_one_hot(OnnxNetReader& net, const OnnxNode& node) {
  OnnxNetValue made = net.value(node, 0);
  Table table;
  const auto texts = node.texts("cats_strings");
  table.texts.assign(texts.begin(), texts.end());
  for (const std::int64_t number : node.integers("cats_int64s")) {
    table.numbers.push_back(static_cast<double>(number));
  }
  table.width = table.texts.size() + table.numbers.size();
  if (made.form == OnnxForm::kDeep || table.width == 0 || table.width * table.width > kMostTable) {
    net.refuse(node, table.width, " categories, or too many dimensions");
  }
  table.rows.resize(table.width * table.width);
  for (std::size_t i = 0; i < table.width; ++i) table.rows[i * table.width + i] = 1;
  table.otherwise.assign(table.width, node.integer("zeros", 1) != 0 ? 0 : kNan);
  const auto columns = static_cast<std::uint32_t>(net.net().width(made.slot));
  // Numbers are cut to integers first, also without a cast.
  if (!is_whole(made.type) && made.type != OnnxType::kString) made.is_cut = true;
  OnnxNetValue coded{.slot = Encoding(net, node, table, NumberKind::kFloat).slot(made)};
  if (made.form == OnnxForm::kFlat) return coded;
  set_sizes(coded, {columns, static_cast<std::uint32_t>(table.width)});
  return coded;
}

// A list of keys or values, and of which type it is.
struct Listed {
  OnnxType type = OnnxType::kUnknown;
  std::vector<double> numbers;
  std::vector<std::string_view> texts;

  bool is_text() const { return type == OnnxType::kString; }
  std::size_t size() const { return is_text() ? texts.size() : numbers.size(); }
};

Listed listed(const OnnxNode& node, std::string_view what) {
  if (const OnnxAttribute* tensor = node.find(text(what, "_tensor"))) {
    OnnxTensor read = read_onnx_tensor(tensor->tensor);
    return {read.type, std::move(read.numbers), std::move(read.texts)};
  }
  if (const auto texts = node.texts(text(what, "_strings")); !texts.empty()) {
    return {OnnxType::kString, {}, {texts.begin(), texts.end()}};
  }
  const auto integers = node.integers(text(what, "_int64s"));
  if (!integers.empty()) {
    return {OnnxType::kInt64, {integers.begin(), integers.end()}, {}};
  }
  return {OnnxType::kFloat, node.numbers(text(what, "_floats")), {}};
}

// What is no key becomes this.
Listed default_of(const OnnxNode& node, OnnxType type) {
  if (const OnnxAttribute* tensor = node.find("default_tensor")) {
    OnnxTensor read = read_onnx_tensor(tensor->tensor);
    return {read.type, std::move(read.numbers), std::move(read.texts)};
  }
  if (type == OnnxType::kString) return {type, {}, {node.text("default_string", "_Unused")}};
  if (type == OnnxType::kInt64) {
    return {type, {static_cast<double>(node.integer("default_int64", -1))}, {}};
  }
  return {type, {node.real("default_float", -0.0)}, {}};
}

OnnxNetValue mapped(OnnxNetReader& net, const OnnxNode& node, const OnnxNetValue& x,
                    const Listed& keys, const Listed& values, const Listed& otherwise) {
  if (keys.size() != values.size() || otherwise.size() != 1 || keys.size() == 0) {
    net.refuse(node, keys.size(), " keys, ", values.size(), " values, ", otherwise.size(),
               " defaults");
  }
  if (x.form == OnnxForm::kDeep) net.refuse(node, "its input has three dimensions");
  OnnxNetValue made{.type = values.type, .form = x.form};
  Table table;
  table.texts = keys.texts;
  table.numbers = keys.numbers;
  if (values.is_text()) {
    std::vector<std::string_view> names = values.texts;
    names.push_back(otherwise.texts.front());
    const std::uint32_t list = net.texts().add(names);
    for (const std::string_view name : names) table.rows.push_back(net.texts().place(list, name));
    made.texts.assign(net.net().width(x.slot), list);
  } else {
    table.rows = values.numbers;
    table.rows.push_back(otherwise.numbers.front());
  }
  table.otherwise = {table.rows.back()};
  const bool is_narrow = values.is_text() || values.type == OnnxType::kFloat;
  const NumberKind number = is_narrow ? NumberKind::kFloat : NumberKind::kDouble;
  made.slot = Encoding(net, node, table, number).slot(x);
  return made;
}

OnnxNetValue read_labels(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.value(node, 0);
  const auto classes = node.texts("classes_strings");
  if (classes.empty()) {
    const Listed values = listed(node, "values");
    return mapped(net, node, x, listed(node, "keys"), values, default_of(node, values.type));
  }
  Listed names{OnnxType::kString, {}, {classes.begin(), classes.end()}};
  Listed places{OnnxType::kInt64, {}, {}};
  for (std::size_t i = 0; i < classes.size(); ++i) places.numbers.push_back(static_cast<double>(i));
  if (x.type != OnnxType::kString) {
    return mapped(net, node, x, places, names, default_of(node, OnnxType::kString));
  }
  return mapped(net, node, x, names, places, default_of(node, OnnxType::kInt64));
}

OnnxNetValue read_mapper(OnnxNetReader& net, const OnnxNode& node) {
  const OnnxNetValue& x = net.value(node, 0);
  const auto texts = node.texts("cats_strings");
  const auto integers = node.integers("cats_int64s");
  const Listed names{OnnxType::kString, {}, {texts.begin(), texts.end()}};
  const Listed numbers{OnnxType::kInt64, {integers.begin(), integers.end()}, {}};
  if (x.type == OnnxType::kString) {
    return mapped(net, node, x, names, numbers, default_of(node, OnnxType::kInt64));
  }
  return mapped(net, node, x, numbers, names, default_of(node, OnnxType::kString));
}

constexpr OnnxNetOperator kRows[] = {{"OneHotEncoder", read_one_hot},
                                     {"LabelEncoder", read_labels},
                                     {"CategoryMapper", read_mapper}};

}  // namespace

std::span<const OnnxNetOperator> onnx_net_encoders() noexcept { return kRows; }

}  // namespace kedge
