using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using GrainVault.TestKit.S3;

namespace GrainVault.Bench;

/// <summary>Reads a file of the wanted size from the same store without GrainVault in between.</summary>
internal sealed class StraightReader(Func<Task<Stream>> open, Func<Task> cleanUp) : IAsyncDisposable
{
    private const int PartBytes = 8 << 20;

    public Task<Stream> OpenAsync() => open();

    /// <summary>A GET of one range by AWSSDK.</summary>
    public static async Task<StraightReader> OnS3Async(S3Server server, string bucket, int sizeMiB)
    {
        var s3 = new AmazonS3Client(
            new BasicAWSCredentials(S3Server.AccessKey, S3Server.SecretKey),
            new AmazonS3Config
            {
                ServiceURL = server.Endpoint,
                ForcePathStyle = true,
                AuthenticationRegion = "us-east-1",
                RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
                ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            });
        const string Key = "baseline/download";
        var part = new byte[PartBytes];
        new Random(2).NextBytes(part);
        var upload = await s3.InitiateMultipartUploadAsync(bucket, Key);
        var tags = new List<PartETag>();
        for (var number = 1; number <= sizeMiB / 8; number++)
        {
            var answer = await s3.UploadPartAsync(new UploadPartRequest
            {
                BucketName = bucket,
                Key = Key,
                UploadId = upload.UploadId,
                PartNumber = number,
                InputStream = new MemoryStream(part, writable: false),
                UseChunkEncoding = false,
            });
            tags.Add(new PartETag(number, answer.ETag));
        }

        await s3.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = bucket, Key = Key, UploadId = upload.UploadId, PartETags = tags });
        return new StraightReader(
            async () => (await s3.GetObjectAsync(new GetObjectRequest
            {
                BucketName = bucket,
                Key = Key,
                ByteRange = new ByteRange(0, ((long)sizeMiB << 20) - 1),
            })).ResponseStream,
            async () =>
            {
                await s3.DeleteObjectAsync(bucket, Key);
                s3.Dispose();
            });
    }

    /// <summary>A GET of one range of a plain file, served by a minimal API.</summary>
    public static async Task<StraightReader> OnDiskAsync(HttpClient baseline, string folder, int sizeMiB)
    {
        var path = Path.Combine(folder, "whole");
        var part = new byte[PartBytes];
        new Random(2).NextBytes(part);
        await using (var file = File.Create(path))
        {
            for (var number = 1; number <= sizeMiB / 8; number++)
            {
                await file.WriteAsync(part);
            }
        }

        return new StraightReader(
            async () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, "/file");
                request.Headers.Range = new(0, ((long)sizeMiB << 20) - 1);
                var answer = await baseline.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                answer.EnsureSuccessStatusCode();
                return await answer.Content.ReadAsStreamAsync();
            },
            () =>
            {
                File.Delete(path);
                return Task.CompletedTask;
            });
    }

    public async ValueTask DisposeAsync() => await cleanUp();
}
