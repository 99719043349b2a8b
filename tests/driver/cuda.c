/* What stands for NVIDIA's driver, libcuda.so.1, so that numba-cuda itself runs without a GPU: memory is the
   host's, copies are done, kernels are not executed. FAKE_LOG=1 tells each call; FAKE_FAULT=1 makes the first
   kernel fail, as a GPU does: whatever is asked afterwards fails; FAKE_RESOURCES=1 refuses launches;
   FAKE_VERSION, FAKE_DEVICES and FAKE_MAJOR, of the compute capability, are what the driver says of itself. Names
   of structures are those of cuda.h. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int R;
typedef void *P;
enum { OUT_OF_MEMORY = 2, ILLEGAL_ADDRESS = 700, LAUNCH_OUT_OF_RESOURCES = 701 };

static int failed;
static size_t used, room = 1 << 30;
static P context;
static uintptr_t next = 0x5000;

#define TELL(...) do { if (getenv("FAKE_LOG")) { printf(__VA_ARGS__); putchar('\n'); fflush(stdout); } } while (0)
#define ASK(...) do { TELL(__VA_ARGS__); if (failed) return ILLEGAL_ADDRESS; } while (0)

static int number(const char *name, int otherwise)
{
    const char *found = getenv(name);
    return found ? atoi(found) : otherwise;
}

static R handle(P *made)
{
    *made = (P)(next += 16);
    return 0;
}

static R cuInit(unsigned flags) { return 0; }
static R cuDriverGetVersion(int *version) { *version = number("FAKE_VERSION", 13020); return 0; }
static R cuDeviceGetCount(int *count) { *count = number("FAKE_DEVICES", 1); return 0; }
static R cuDeviceGet(int *device, int ordinal) { *device = ordinal; return 0; }
static R cuDeviceGetName(char *name, int size, int device) { strncpy(name, "Fake", size); return 0; }
static R cuDeviceGetUuid(char *uuid, int device) { memset(uuid, 1, 16); return 0; }

static R cuDeviceGetAttribute(int *value, int attribute, int device)
{
    switch (attribute) {
    case 1: *value = 1024; break;           /* threads of a block */
    case 10: *value = 32; break;            /* threads of a warp */
    case 16: *value = 132; break;           /* multiprocessors */
    case 75: *value = number("FAKE_MAJOR", 9); break;   /* compute capability */
    case 76: *value = 0; break;
    default: *value = 1;
    }
    return 0;
}

static R cuDevicePrimaryCtxRetain(P *made, int device) { *made = (P)0x1000; return 0; }
static R cuCtxGetCurrent(P *found) { *found = context; return 0; }
static R cuCtxSetCurrent(P new) { context = new; return 0; }
static R cuCtxPushCurrent_v2(P new) { context = new; return 0; }
static R cuCtxPopCurrent_v2(P *last) { *last = context; context = NULL; return 0; }
static R cuCtxGetDevice(int *device) { *device = 0; return 0; }
static R cuCtxSynchronize(void) { ASK("wait for all"); return 0; }

static R cuMemGetInfo_v2(size_t *left, size_t *all) { *left = room - used; *all = room; return 0; }

static R cuMemAlloc_v2(uint64_t *address, size_t size)
{
    if (!failed && used + size > room)
        return OUT_OF_MEMORY;
    ASK("allocate %zu", size);
    used += size;
    *address = ((uintptr_t)malloc(size + 512) + 511) & ~(uintptr_t)511;
    return 0;
}

static R cuMemFree_v2(uint64_t address) { ASK("free"); return 0; }
static R cuMemHostAlloc(P *address, size_t size, unsigned flags)
{
    ASK("pin %zu", size);
    *address = malloc(size);
    return 0;
}

static R cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t size, P stream)
{
    ASK("to the device %zu on %p", size, stream);
    memcpy((P)to, from, size);
    return 0;
}

static R cuMemcpyDtoHAsync_v2(P to, uint64_t from, size_t size, P stream)
{
    ASK("to the host %zu on %p", size, stream);
    memcpy(to, (P)from, size);
    return 0;
}

static R cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t size)
{
    ASK("to the device %zu", size);
    memcpy((P)to, from, size);
    return 0;
}

static R cuMemcpyDtoH_v2(P to, uint64_t from, size_t size)
{
    ASK("to the host %zu", size);
    memcpy(to, (P)from, size);
    return 0;
}

static R cuStreamCreate(P *made, unsigned flags) { return handle(made); }
static R cuStreamSynchronize(P stream) { ASK("wait for stream %p", stream); return 0; }
static R cuStreamWaitEvent(P stream, P event, unsigned flags) { ASK("stream %p waits", stream); return 0; }
static R cuEventCreate(P *made, unsigned flags) { ASK("event %u", flags); return handle(made); }
static R cuEventRecord(P event, P stream) { ASK("record on %p", stream); return 0; }
static R cuEventSynchronize(P event) { ASK("wait for event"); return 0; }

static R cuLibraryLoadData(P *made, const void *code, P a, P b, unsigned n, P c, P d, unsigned m)
{
    if (failed)
        return ILLEGAL_ADDRESS;
    return handle(made);
}

static R cuLibraryGetModule(P *made, P library) { return handle(made); }
static R cuLibraryGetKernel(P *made, P library, const char *name) { return handle(made); }
static R cuKernelGetFunction(P *function, P kernel) { *function = kernel; return 0; }

static R launched(unsigned grid, unsigned block, P stream)
{
    ASK("launch %u x %u on %p", grid, block, stream);
    if (getenv("FAKE_RESOURCES"))
        return LAUNCH_OUT_OF_RESOURCES;
    failed = getenv("FAKE_FAULT") != NULL;
    return 0;
}

struct sizes { unsigned grid[3], block[3], shared; P stream; };

static R cuLaunchKernelEx(const struct sizes *sizes, P function, P *arguments, P *more)
{
    return launched(sizes->grid[0], sizes->block[0], sizes->stream);
}

static R cuLaunchKernel(P function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                        unsigned shared, P stream, P *arguments, P *more)
{
    return launched(gx, bx, stream);
}

static const char *named(int code)
{
    return code == ILLEGAL_ADDRESS ? "CUDA_ERROR_ILLEGAL_ADDRESS"
        : code == LAUNCH_OUT_OF_RESOURCES ? "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES" : "CUDA_ERROR";
}

static R cuGetErrorName(int code, const char **name) { *name = named(code); return 0; }
static R cuGetErrorString(int code, const char **words) { *words = named(code); return 0; }
static R other(void) { return 0; }          /* what nobody here needs an answer from */

R cuGetProcAddress_v2(const char *name, P *function, int version, uint64_t flags, int *status);

#define NAMED(name) {#name, (P)name}
static const struct { const char *name; P function; } known[] = {
    NAMED(cuInit), NAMED(cuDriverGetVersion), NAMED(cuDeviceGetCount), NAMED(cuDeviceGet), NAMED(cuDeviceGetName),
    NAMED(cuDeviceGetUuid), NAMED(cuDeviceGetAttribute), NAMED(cuDevicePrimaryCtxRetain), NAMED(cuCtxGetCurrent),
    NAMED(cuCtxSetCurrent), NAMED(cuCtxPushCurrent_v2), NAMED(cuCtxPopCurrent_v2), NAMED(cuCtxGetDevice),
    NAMED(cuCtxSynchronize), NAMED(cuMemGetInfo_v2), NAMED(cuMemAlloc_v2), NAMED(cuMemFree_v2), NAMED(cuMemHostAlloc),
    NAMED(cuMemcpyHtoDAsync_v2), NAMED(cuMemcpyDtoHAsync_v2), NAMED(cuMemcpyHtoD_v2), NAMED(cuMemcpyDtoH_v2),
    NAMED(cuStreamCreate), NAMED(cuStreamSynchronize), NAMED(cuStreamWaitEvent), NAMED(cuEventCreate),
    NAMED(cuEventRecord), NAMED(cuEventSynchronize), NAMED(cuLibraryLoadData), NAMED(cuLibraryGetModule),
    NAMED(cuLibraryGetKernel), NAMED(cuKernelGetFunction), NAMED(cuLaunchKernelEx), NAMED(cuLaunchKernel),
    NAMED(cuGetErrorName), NAMED(cuGetErrorString), NAMED(cuGetProcAddress_v2), {NULL, NULL}};

R cuGetProcAddress_v2(const char *name, P *function, int version, uint64_t flags, int *status)
{
    size_t size = strlen(name);
    *function = (P)other;
    for (int k = 0; known[k].name; k++)
        if (!strncmp(known[k].name, name, size) && (!known[k].name[size] || !strcmp(known[k].name + size, "_v2")))
            *function = known[k].function;
    if (status)
        *status = 0;
    return 0;
}
