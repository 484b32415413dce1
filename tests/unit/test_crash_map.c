/* SPDX-License-Identifier: MIT */
/* Crash pages are handed from program to program, and none tells of the one before it. */
#include "hosts/crash_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void a_page_is_used_again_and_is_clean_then(void **state)
{
	struct crash_pool pool;
	struct crash_map map = { 0 };
	struct crash *crash = &(struct crash){ 0 };
	int fd;

	(void)state;
	crash_pool_init(&pool);
	assert_int_equal(crash_map_take(&pool, &map, NULL), 0);
	fd = map.fd;
	/* It wrote anywhere, but crashed not. */
	map.page->magic = 0;
	map.page->crash.signal = 11;
	atomic_store(&map.page->nmodules, 3);
	crash_map_give(&pool, &map, false);
	assert_null(map.page);
	assert_int_equal(crash_map_take(&pool, &map, NULL), 0);
	assert_int_equal(map.fd, fd);
	assert_true(map.page->magic == CRASH_PAGE_MAGIC);
	assert_int_equal(map.page->crash.signal, 0);
	assert_int_equal(atomic_load(&map.page->nmodules), 0);
	assert_int_equal(crash_page_crash(map.page, crash, NULL), 0);
	assert_int_equal(crash->state, CRASH_NONE);
	crash_map_give(&pool, &map, false);
	crash_pool_fini(&pool);
}

static void a_page_with_a_record_or_with_somebody_who_has_it_is_not_used_again(void **state)
{
	struct crash_pool pool;
	struct crash_map map = { 0 };

	(void)state;
	crash_pool_init(&pool);
	assert_int_equal(crash_map_take(&pool, &map, NULL), 0);
	atomic_store(&map.page->crash.state, CRASH_WRITTEN);
	crash_map_give(&pool, &map, false);
	assert_int_equal(pool.n, 0);
	assert_int_equal(crash_map_take(&pool, &map, NULL), 0);
	crash_map_give(&pool, &map, true);
	assert_int_equal(pool.n, 0);
	/* One that is closed. */
	crash_map_give(&pool, &map, false);
	assert_int_equal(pool.n, 0);
	crash_pool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_used_again_and_is_clean_then),
		cmocka_unit_test(a_page_with_a_record_or_with_somebody_who_has_it_is_not_used_again),
	};

	return cmocka_run_group_tests_name("crash_page", tests, NULL, NULL);
}
