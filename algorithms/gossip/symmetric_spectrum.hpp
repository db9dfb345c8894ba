// The largest |eigenvalue| of a symmetric matrix, exact to rounding.
// Room: algorithms. Dense linear algebra for a few thousand rows; nothing here is on the path of training.
// Caller: algorithms/gossip/mixing_matrix. Source: Householder's tridiagonalisation and bisection by Sturm counts (Golub & Van Loan).
#pragma once
#include <cstddef>
#include <vector>

namespace murm {

/// Shapes: matrix [n * n], row after row, symmetric. Cost: 4/3 n^3 multiplications and additions.
double largest_absolute_eigenvalue(std::vector<double> matrix, std::size_t n);

}  // namespace murm
