// What an ONNX net's values are while it is read: slots of rows, and for text the names that their
// numbers stand for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kedge/model/onnx_graph.h"

namespace kedge {

enum class OnnxForm : std::uint8_t {
  kMatrix,
  kFlat,    // [N]: a number for each row
  kScalar,  // one number, which here each row has for itself
  kDeep,    // [N, sizes...]: its slot has them in the order of the last size, then the one before
};

// Numbers that are whole lie in doubles, as floats would round them.
struct OnnxNetValue {
  std::uint32_t slot = 0;
  OnnxType type = OnnxType::kFloat;
  OnnxForm form = OnnxForm::kMatrix;
  std::vector<std::uint32_t> sizes = {};  // of kDeep
  // Whole by its type, but fractions are still there: encoders cut them off, others refuse.
  bool is_cut = false;
  std::vector<std::uint32_t> texts = {};  // of kString: the list of names of each column
};

// Sizes behind the rows, whatever the form, of a value of so many numbers: none of a flat one.
std::vector<std::uint32_t> sizes_of(const OnnxNetValue& value, std::size_t width);
// The form that has these sizes.
void set_sizes(OnnxNetValue& value, std::vector<std::uint32_t> sizes);

// Lists of names: a row of text is a place in one, the length stands for every other name, and NaN
// for none. Encoders say which names there are, also those far behind an input: so a net is read
// twice, and the second time the lists of its inputs are as long as they get.
class OnnxTexts {
 public:
  // Not a list: text that spells whole numbers, which its slot has.
  static constexpr std::uint32_t kNumbers = std::numeric_limits<std::uint32_t>::max();

  // Keeps the first `inputs` lists, which grow, and forgets those that nodes made.
  void begin(std::size_t inputs);
  // A list of these names that does not grow.
  std::uint32_t add(const std::vector<std::string_view>& names);

  std::size_t size(std::uint32_t list) const noexcept { return lists_[list].names.size(); }
  std::vector<std::string> names(std::uint32_t list) const;
  // The place of a name; in a list that does not grow, its length when it is not there.
  std::uint32_t place(std::uint32_t list, std::string_view name);
  // What stands for no text at all: ONNX knows but the empty one.
  std::uint32_t place_of_none(std::uint32_t list) const noexcept;

 private:
  struct List {
    std::vector<std::string_view> names;
    std::map<std::string_view, std::uint32_t> places;
  };
  static std::uint32_t insert(List& list, std::string_view name);

  std::vector<List> lists_;
  std::size_t growing_ = 0;
};

}  // namespace kedge
