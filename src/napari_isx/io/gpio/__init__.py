"""GPIO and IMU channels (`.gpio`, `.imu`, `.isxd`)."""
