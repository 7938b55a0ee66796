using System.Diagnostics;
using System.Globalization;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace GrainVault.Bench.Baselines;

/// <summary>AWSSDK signing URLs of parts, which asks no server: as many as wanted, on so many threads.</summary>
internal static class Presigning
{
    private const int WarmUpCount = 100;

    public static int Run(int count, int parallel)
    {
        // Nothing is sent, so any address and any keys will do.
        using var s3 = new AmazonS3Client(
            new BasicAWSCredentials("access", "secret"),
            new AmazonS3Config { ServiceURL = "http://127.0.0.1:9000", ForcePathStyle = true, AuthenticationRegion = "us-east-1" });
        Sign(s3, WarmUpCount, parallel);
        var clock = Stopwatch.StartNew();
        Sign(s3, count, parallel);
        Console.WriteLine(clock.Elapsed.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    private static void Sign(AmazonS3Client s3, int count, int parallel) => Parallel.For(
        1,
        count + 1,
        new ParallelOptions { MaxDegreeOfParallelism = parallel },
        number =>
        {
            var request = new GetPreSignedUrlRequest
            {
                BucketName = "bench",
                Key = "objects/00/00000000000000000000000000000000",
                Verb = HttpVerb.PUT,
                Protocol = Protocol.HTTP,
                UploadId = "00000000-0000-0000-0000-000000000000",
                PartNumber = number,
                Expires = DateTime.UtcNow.AddHours(1),
            };
            request.Headers["Content-Length"] = "5242880";
            _ = s3.GetPreSignedURL(request);
        });
}
