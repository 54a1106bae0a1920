// What we tell the kernel about pages of memory that is already mapped. Ranges need no alignment: what would concern
// bytes outside the range is left out (advice, giving back) or harmless to them (touching).
//
// Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace msgtrans {

// Asks for huge pages. False: the kernel knows none, or the range holds no whole page.
bool advise_huge_pages(uint8_t* data, size_t bytes);

// Makes every page of the range present and writable without changing a byte of it, even while others write there.
// False: the kernel has no memory for it, or the range is not mapped.
bool touch_pages(uint8_t* data, size_t bytes);

// The same for kernels before 5.14, by writing a zero into each page: nobody else may use the range meanwhile, and
// its contents are lost.
void write_each_page(uint8_t* data, size_t bytes);

// Gives the memory of the pages that lie wholly in the range back. They stay mapped and read as zeros.
void give_back_pages(uint8_t* data, size_t bytes);

}  // namespace msgtrans
