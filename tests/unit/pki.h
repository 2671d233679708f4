/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PKI_H
#define PKI_H

/*
 * What tests that use the test PKI share (pki.sh makes it): add the test's name to pki_tests in
 * meson.build, which defines PKI_DIRECTORY.
 */

#define PKI(file) PKI_DIRECTORY "/" file

/* The clock of the tests: 2030-03-17T17:46:40Z. */
#define PKI_NOW INT64_C(1900000000)

#define PKI_2020 INT64_C(1577836800) /* when most certificates begin, 2020-01-01 … */
#define PKI_END INT64_C(2524521600) /* … and end, 2049-12-31 */

#endif
