"""Visiting: a network is looked into, wherever it stands, and left as it was found."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.func import functional_call

from leanlung.foundations.errors import NetworkError
from leanlung.networks.devices import exact_float32

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Watch = Callable[[nn.Module, tuple[object, ...], object], object]

_WRAPPERS = (nn.DataParallel, nn.parallel.DistributedDataParallel)


def unwrapped(network: nn.Module) -> nn.Module:
    """Give the network inside ``DataParallel``, its distributed kin or ``torch.compile``."""
    while True:
        if isinstance(network, _WRAPPERS):
            network = network.module
        elif isinstance(inner := getattr(network, "_orig_mod", None), nn.Module):
            network = inner
        else:
            return network


@contextmanager
def visiting(network: nn.Module) -> Iterator[nn.Module]:
    """Give a network as it can be looked into while the block runs.

    It is unwrapped, in evaluation mode and not compiled; gradients can be taken, even if the
    caller forbids them (``no_grad``, ``inference_mode``), in float32 that nothing rounds, and a
    GPU does its convolutions the same way every time. The mode of every module, and all
    settings, are put back.
    """
    plain = unwrapped(network)
    modes = [(module, module.training) for module in plain.modules()]
    device = next((each.device for each in plain.parameters()), torch.device("cpu"))
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(mode=False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(torch.autocast(device.type, enabled=False))
        stack.enter_context(exact_float32())
        stack.enter_context(_same_every_time())
        if any(getattr(each, "_compiled_call_impl", None) for each in plain.modules()):
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        try:
            yield plain.eval()
        finally:
            for module, mode in modes:
                module.training = mode


def watched(plain: nn.Module, images: Tensor, watches: dict[str, Watch]) -> Tensor:
    """Run a visited network once and show what its modules give.

    Args:
        plain: As `visiting` gives it.
        images: (N, C, H, W), as the network reads them.
        watches: By name of a module, what is called with the module, what it was given and
            what it gives; it may return something to hand on instead, or None.

    Returns:
        Logits, (N, classes).

    Raises:
        NetworkError: If it does not run on these images, or gives no finite logits.
    """
    modules = dict(plain.named_modules())
    # What was made under inference_mode is copied, as no gradient goes through it.
    state = {**dict(plain.named_parameters()), **dict(plain.named_buffers())}
    copies = {name: each.clone() for name, each in state.items() if each.is_inference()}
    images = images.clone() if images.is_inference() else images
    handles = [modules[name].register_forward_hook(each) for name, each in watches.items()]
    kind = type(plain).__name__
    try:
        given = functional_call(plain, copies, (images,)) if copies else plain(images)
    except (RuntimeError, ValueError, TypeError) as error:
        msg = f"{kind} does not run on images of shape {tuple(images.shape)} ({error})"
        raise NetworkError(msg) from error
    finally:
        for handle in handles:
            handle.remove()
    if not isinstance(given, Tensor) or given.ndim != 2 or len(given) != len(images):
        found = tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__
        msg = f"{kind} gives {found}; one row of logits an image was expected"
        raise NetworkError(msg)
    if not bool(given.isfinite().all()):
        msg = f"{kind} gives logits that are not finite; there is nothing to explain in them"
        raise NetworkError(msg)
    return given


@contextmanager
def _same_every_time() -> Iterator[None]:
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    try:
        cudnn.deterministic, cudnn.benchmark = True, False
        yield
    finally:
        cudnn.deterministic, cudnn.benchmark = before
