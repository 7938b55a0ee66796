// What GrainVault is measured against: the shortest programs that do the same work without its promises.
using GrainVault.Bench.Baselines;

return args switch
{
    ["serve", ..] => await MinimalServer.RunAsync(),
    ["s3-upload", var sizeMiB, var partMiB, var parallel] =>
        await StraightUpload.RunAsync(int.Parse(sizeMiB), int.Parse(partMiB), int.Parse(parallel)),
    ["presign", var count, var parallel] => Presigning.Run(int.Parse(count), int.Parse(parallel)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: grainvault-baselines serve | s3-upload SIZE_MIB PART_MIB PARALLEL | presign COUNT PARALLEL");
    return 2;
}
