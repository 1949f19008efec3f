from services.retention.main import main

main()
