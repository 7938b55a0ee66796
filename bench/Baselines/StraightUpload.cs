using System.Diagnostics;
using System.Text.Json;
using Amazon.S3.Model;

namespace GrainVault.Bench.Baselines;

/// <summary>AWSSDK multipart straight to the S3 server: no service, no ledger, no checks in between.</summary>
internal static class StraightUpload
{
    public static async Task<int> RunAsync(int sizeMiB, int partMiB, int parallel)
    {
        using var s3 = S3Settings.CreateClient();
        var part = new byte[partMiB << 20];
        new Random(1).NextBytes(part);
        await UploadAsync(s3, part, 2, parallel);

        var cpuBefore = Process.GetCurrentProcess().TotalProcessorTime;
        var clock = Stopwatch.StartNew();
        await UploadAsync(s3, part, sizeMiB / partMiB, parallel);
        clock.Stop();
        var cpu = Process.GetCurrentProcess().TotalProcessorTime - cpuBefore;
        Console.WriteLine(JsonSerializer.Serialize(new { seconds = clock.Elapsed.TotalSeconds, cpuSeconds = cpu.TotalSeconds }));
        return 0;
    }

    private static async Task UploadAsync(Amazon.S3.AmazonS3Client s3, byte[] part, int count, int parallel)
    {
        var key = $"baseline/{Guid.NewGuid():n}";
        var upload = await s3.InitiateMultipartUploadAsync(S3Settings.Bucket, key);
        var tags = new PartETag[count];
        await Parallel.ForEachAsync(
            Enumerable.Range(1, count),
            new ParallelOptions { MaxDegreeOfParallelism = parallel },
            async (number, token) =>
            {
                using var body = new MemoryStream(part, writable: false);
                var answer = await s3.UploadPartAsync(
                    new UploadPartRequest
                    {
                        BucketName = S3Settings.Bucket,
                        Key = key,
                        UploadId = upload.UploadId,
                        PartNumber = number,
                        InputStream = body,
                        PartSize = part.Length,
                        UseChunkEncoding = false,
                    },
                    token);
                tags[number - 1] = new PartETag(number, answer.ETag);
            });
        await s3.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest
        {
            BucketName = S3Settings.Bucket,
            Key = key,
            UploadId = upload.UploadId,
            PartETags = [.. tags],
        });
        await s3.DeleteObjectAsync(S3Settings.Bucket, key);
    }
}
