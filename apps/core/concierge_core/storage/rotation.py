async def rotate() -> int:
    return 0
