from tests.unit.devices.device_bench import bench, refused

__all__ = ["bench", "refused"]
