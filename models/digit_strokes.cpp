#include "models/digit_strokes.hpp"

#include <array>
#include <string>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

using Points = const StrokePoint[];

constexpr Points ring = {{0.1F, -0.95F}, {-0.45F, -0.65F}, {-0.6F, 0.0F},
                         {-0.4F, 0.7F},  {0.0F, 0.95F},    {0.45F, 0.65F},
                         {0.6F, 0.0F},   {0.4F, -0.7F},    {0.0F, -0.95F}};
constexpr Points open_ring = {{0.25F, -0.8F}, {-0.3F, -0.8F}, {-0.6F, -0.1F},
                              {-0.45F, 0.7F}, {0.05F, 0.95F}, {0.5F, 0.5F},
                              {0.6F, -0.2F},  {0.3F, -0.75F}, {-0.1F, -0.95F}};
constexpr Points zero_slash = {{0.45F, -0.75F}, {-0.45F, 0.75F}};

constexpr Points one_bar = {{0.0F, -0.95F}, {0.0F, 0.95F}};
constexpr Points one_flag = {{-0.35F, -0.55F}, {0.05F, -0.95F}, {0.05F, 0.95F}};
constexpr Points one_foot = {{-0.35F, 0.95F}, {0.4F, 0.95F}};

constexpr Points two_curve = {{-0.5F, -0.5F}, {-0.2F, -0.92F}, {0.35F, -0.85F}, {0.5F, -0.4F},
                              {0.1F, 0.2F},   {-0.3F, 0.6F},   {-0.55F, 0.92F}};
constexpr Points two_base = {{-0.55F, 0.92F}, {0.6F, 0.9F}};
constexpr Points two_loop = {{-0.5F, -0.55F}, {-0.1F, -0.95F}, {0.45F, -0.7F}, {0.35F, -0.1F},
                             {-0.2F, 0.6F},   {-0.55F, 0.85F}, {-0.45F, 0.5F}, {-0.1F, 0.7F},
                             {0.3F, 0.95F},   {0.65F, 0.8F}};

constexpr Points three_curve = {{-0.45F, -0.75F}, {0.0F, -0.95F}, {0.45F, -0.65F}, {0.3F, -0.2F},
                                {-0.1F, -0.05F},  {0.35F, 0.1F},  {0.55F, 0.5F},   {0.2F, 0.92F},
                                {-0.3F, 0.9F},    {-0.55F, 0.65F}};
constexpr Points three_top = {{-0.45F, -0.9F}, {0.45F, -0.9F}, {-0.05F, -0.15F}};
constexpr Points three_bowl = {{-0.05F, -0.15F}, {0.4F, 0.05F}, {0.5F, 0.5F},
                               {0.15F, 0.92F},   {-0.3F, 0.9F}, {-0.55F, 0.65F}};

constexpr Points four_open = {{-0.35F, -0.9F}, {-0.5F, 0.15F}, {0.55F, 0.15F}};
constexpr Points four_stem = {{0.3F, -0.8F}, {0.25F, 0.95F}};
constexpr Points four_closed = {{0.25F, 0.95F}, {0.25F, -0.95F}, {-0.6F, 0.3F}, {0.6F, 0.3F}};

constexpr Points five_hook = {{0.5F, -0.9F}, {-0.35F, -0.9F}, {-0.42F, -0.15F}};
constexpr Points five_bowl = {{-0.42F, -0.15F}, {0.05F, -0.3F}, {0.5F, 0.05F},
                              {0.45F, 0.6F},    {0.0F, 0.95F},  {-0.5F, 0.75F}};
constexpr Points five_curve = {{0.5F, -0.9F}, {-0.1F, -0.85F}, {-0.4F, -0.3F}, {0.1F, -0.25F},
                               {0.5F, 0.15F}, {0.35F, 0.7F},   {-0.1F, 0.95F}, {-0.5F, 0.7F}};

constexpr Points six_curve = {{0.4F, -0.9F},   {-0.15F, -0.6F}, {-0.5F, 0.0F}, {-0.5F, 0.6F},
                              {-0.05F, 0.95F}, {0.4F, 0.75F},   {0.45F, 0.3F}, {0.1F, 0.05F},
                              {-0.3F, 0.2F},   {-0.5F, 0.5F}};
constexpr Points six_stem = {{0.05F, -0.95F}, {-0.3F, -0.4F}, {-0.45F, 0.3F},
                             {-0.3F, 0.85F},  {0.1F, 0.95F},  {0.4F, 0.65F},
                             {0.3F, 0.25F},   {-0.1F, 0.15F}, {-0.4F, 0.45F}};

constexpr Points seven_straight = {{-0.55F, -0.85F}, {0.5F, -0.88F}, {-0.15F, 0.95F}};
constexpr Points seven_curve = {
    {-0.5F, -0.8F}, {0.0F, -0.75F}, {0.5F, -0.88F}, {0.15F, -0.1F}, {-0.05F, 0.95F}};
constexpr Points seven_bar = {{-0.25F, 0.05F}, {0.45F, 0.0F}};

constexpr Points eight_curve = {{0.4F, -0.7F},  {-0.05F, -0.95F}, {-0.42F, -0.6F}, {-0.05F, -0.1F},
                                {0.42F, 0.35F}, {0.35F, 0.85F},   {-0.1F, 0.95F},  {-0.45F, 0.6F},
                                {-0.15F, 0.1F}, {0.3F, -0.35F},   {0.4F, -0.75F}};
constexpr Points eight_top = {
    {0.0F, -0.05F}, {-0.4F, -0.45F}, {0.0F, -0.95F}, {0.4F, -0.5F}, {0.0F, -0.05F}};
constexpr Points eight_bottom = {
    {0.0F, -0.05F}, {-0.5F, 0.45F}, {0.0F, 0.95F}, {0.5F, 0.45F}, {0.0F, -0.05F}};

constexpr Points nine_loop = {{0.45F, -0.6F}, {0.05F, -0.95F}, {-0.4F, -0.65F}, {-0.35F, -0.2F},
                              {0.1F, -0.05F}, {0.45F, -0.45F}, {0.45F, -0.6F}};
constexpr Points nine_stem = {{0.45F, -0.7F}, {0.4F, 0.1F}, {0.2F, 0.95F}};
constexpr Points nine_hook = {
    {0.45F, -0.7F}, {0.5F, 0.1F}, {0.3F, 0.8F}, {-0.1F, 0.95F}, {-0.4F, 0.75F}};

constexpr Stroke zero_a[] = {{ring, true}};
constexpr Stroke zero_b[] = {{open_ring, true}};
constexpr Stroke zero_c[] = {{ring, true}, {zero_slash, false}};
constexpr Stroke one_a[] = {{one_bar, false}};
constexpr Stroke one_b[] = {{one_flag, false}};
constexpr Stroke one_c[] = {{one_flag, false}, {one_foot, false}};
constexpr Stroke two_a[] = {{two_curve, true}, {two_base, false}};
constexpr Stroke two_b[] = {{two_loop, true}};
constexpr Stroke three_a[] = {{three_curve, true}};
constexpr Stroke three_b[] = {{three_top, false}, {three_bowl, true}};
constexpr Stroke four_a[] = {{four_open, false}, {four_stem, false}};
constexpr Stroke four_b[] = {{four_closed, false}};
constexpr Stroke five_a[] = {{five_hook, false}, {five_bowl, true}};
constexpr Stroke five_b[] = {{five_curve, true}};
constexpr Stroke six_a[] = {{six_curve, true}};
constexpr Stroke six_b[] = {{six_stem, true}};
constexpr Stroke seven_a[] = {{seven_straight, false}};
constexpr Stroke seven_b[] = {{seven_curve, true}};
constexpr Stroke seven_c[] = {{seven_straight, false}, {seven_bar, false}};
constexpr Stroke eight_a[] = {{eight_curve, true}};
constexpr Stroke eight_b[] = {{eight_top, true}, {eight_bottom, true}};
constexpr Stroke nine_a[] = {{nine_loop, true}, {nine_stem, true}};
constexpr Stroke nine_b[] = {{nine_loop, true}, {nine_hook, true}};

constexpr DigitShape zeros[] = {zero_a, zero_b, zero_c};
constexpr DigitShape ones[] = {one_a, one_b, one_c};
constexpr DigitShape twos[] = {two_a, two_b};
constexpr DigitShape threes[] = {three_a, three_b};
constexpr DigitShape fours[] = {four_a, four_b};
constexpr DigitShape fives[] = {five_a, five_b};
constexpr DigitShape sixes[] = {six_a, six_b};
constexpr DigitShape sevens[] = {seven_a, seven_b, seven_c};
constexpr DigitShape eights[] = {eight_a, eight_b};
constexpr DigitShape nines[] = {nine_a, nine_b};

constexpr std::array<std::span<const DigitShape>, 10> shapes = {
    zeros, ones, twos, threes, fours, fives, sixes, sevens, eights, nines};

}  // namespace

std::span<const DigitShape> digit_shapes(std::uint8_t digit) {
  MURM_ASSERT(digit < shapes.size(), std::to_string(digit));
  return shapes[digit];
}

}  // namespace murm
