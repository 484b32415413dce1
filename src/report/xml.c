/* SPDX-License-Identifier: MIT */
#include "report/xml.h"

#include <dlfcn.h>
#include <errno.h>

#define XML_SONAME "libxml2.so.2"

int xml_load(struct xml *xml, struct proctor_error *err)
{
	void *library = dlopen(XML_SONAME, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return error_set(err, -ENOENT, "cannot write XML without libxml2 (package libxml2): "
				 "%s", dlerror());
#define XML_LOOK_UP(name)                                                                   \
	xml->name = (__typeof__(xml->name))dlsym(library, #name);                           \
	if (!xml->name)                                                                     \
		return error_set(err, -ENOENT, "this " XML_SONAME " has no " #name);
	XML_CALLS(XML_LOOK_UP)
#undef XML_LOOK_UP
	return 0;
}
